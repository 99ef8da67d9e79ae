"""A goal, a budget, and agents who are hired for it: `souq run services`.

`goal` says what is wanted and how it is tested, `people` who works, verifies and judges, `house`
where they meet; `run` is the orchestrator, and `telling` reads the story from its journal.
"""
