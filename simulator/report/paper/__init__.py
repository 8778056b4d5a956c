"""The report of a run: one model of what it says, written as a page (HTML) and as a document (PDF)."""
