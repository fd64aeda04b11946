"""Bakes the dialogue of a whole game, and only what has changed since.

    project = load_project(Path("dialogue.toml"))           # file.py: what a person wrote
    with output_lock(project.output), Ledger(project.output) as ledger:
        plan = plan_run(project, ledger)                    # run.py: what has to be baked
        for entry in bake(plan, ledger, LocalPool(project.output, processes), stopping):
            ...                                             # ledger.py: what became of a line
"""
