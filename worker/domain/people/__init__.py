"""Accounts and the people behind them: who has left, who belongs where."""
