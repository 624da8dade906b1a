"""Speak HTTP with Microsoft Graph: tokens, budget, requests, notifications."""
