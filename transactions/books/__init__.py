"""The daily reconciliation: do the books agree, and what was owed and not done without anybody being told?"""
