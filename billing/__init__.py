"""Money: a bill for each fee, the bank that collects it, and a ledger of every halala that came and went (ADR 45)."""
