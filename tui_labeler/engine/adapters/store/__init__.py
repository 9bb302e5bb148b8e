"""State on disk: TinyDB files of a bounded size, and a journal that makes each change durable.

A project is a folder::

    project.json          the project and its categories (TinyDB)
    documents/0000.json   250 documents each, with their labels and suggestions (TinyDB)
    index.json            the short form of every document; derived, may be deleted
    journal/*.jsonl       every transaction ever made: the history, and the truth
    jobs/  models/        a folder each

A change is one line appended to the journal and synced, whatever the project's size. The TinyDB files
are brought up to date from time to time (a checkpoint); opening a project reads ``index.json`` and the
journal's lines since then. Replaying a line twice does no harm: it holds items as they are afterwards.
"""
