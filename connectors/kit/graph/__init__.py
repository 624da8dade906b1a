"""Speak HTTP with Microsoft Graph: configuration, tokens, budget, requests, notes."""
