"""The parts that any portal needs. No report, dossier or municipality is known here."""
