"""Bakes the dialogue of a whole game: a project file, its sources, a ledger of what was baked, and an executor.

project = load_project(Path("dialogue.toml"))       # file.py: what a person wrote
lines = collect_lines(project)                      # sources.py: one line of dialogue for each row, and problems
with OutputLock(...), Ledger(...) as ledger: ...    # what was baked from what
run(...)                                            # run.py: bakes what changed
"""
