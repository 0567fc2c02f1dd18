"""What is looked at when a case is studied, a module a service; each is the `checklist` of its catalogue file.

After the published checklist of Riyadh and its building guide: seed values that administrators change, not Jeddah law.
"""
