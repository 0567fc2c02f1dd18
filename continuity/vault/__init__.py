"""The vault's own side. It runs on another host, as another user, and imports nothing of the portal but the checker of
the journal, which stands alone (journal/verify.py); no Django, no database of ours.
"""
