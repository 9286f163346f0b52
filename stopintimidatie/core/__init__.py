"""What any portal needs. No report, dossier or municipality is known here."""
