"""Who may do what: every view of the house × every role × own and other municipality.

One block per view: for which document, under which name, by which method, with which permission.
Below it, per address, what each role gets. The kind of address tells the columns:

- of a municipality: oov, dossierhouder, beheer, privacy, fg of that municipality;
- of the national desk: meldpunt, privacy, fg of the desk;
- of nobody in particular: both, in that order.

What isn't of one's own holder is always 404, and a visitor is always sent to sign in, unless the
block says that the view is public. Outcomes: `ja` (the page, a redirect, or the form again),
`403`, `404`, and for other doors their own status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stopintimidatie.security import Permission

P: Final = Permission
PUBLIC: Final = None
SIGN_IN: Final = "aanmelden"


@dataclass(frozen=True)
class View:
    """One view, with what each role gets at each address it is probed at."""

    context: str
    name: str
    method: str
    permission: Permission | None
    rows: dict[str, tuple[str, ...]]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.context, self.name, self.method


def view(
    context: str,
    name: str,
    method: str,
    permission: Permission | None,
    rows: dict[str, str],
) -> View:
    return View(
        context, name, method, permission, {path: tuple(row.split()) for path, row in rows.items()}
    )


def form(
    context: str, name: str, permission: Permission, rows: dict[str, str]
) -> tuple[View, View]:
    """A page with a form: looking at it and sending it take the same right."""
    return view(context, name, "GET", permission, rows), view(
        context, name, "POST", permission, rows
    )


#            oov  dossier beheer privacy fg  | meldpunt privacy fg
ALL = "      ja   ja      ja     ja      ja    ja       ja      ja"
#            oov  dossier beheer privacy fg
# Signing out leads to the same page.
SIGNS_OUT = " aanmelden" * 8
READERS = "  ja   ja      404    ja      ja"
WORKERS = "  ja   ja      404    403     403"
NOBODY = "   403  403     404    403     403"
# Of a municipality, its own page is open to the admin too.
AT_HOME = "  ja   ja      403    403     403"
STRICT = "   404  ja      404    403     403"
STRICT_READERS = " 404 ja    404    ja      ja"
#              meldpunt privacy fg
DESK_READS = " ja       ja      ja"
DESK_WORKS = " ja       403     403"
DESK_NONE = "  403      403     403"

MATRIX: Final[tuple[View, ...]] = (
    # --- doors without a holder -----------------------------------------------------------------
    view("Root", "", "GET", P.SIGNED_IN, {"/": ALL}),
    view("Root", "aanmelden", "GET", PUBLIC, {"/aanmelden": ALL}),
    view("Root", "aanmelden", "POST", PUBLIC, {"/aanmelden": ALL}),
    view("Root", "afmelden", "POST", P.SIGNED_IN, {"/afmelden": SIGNS_OUT}),
    view("Root", "zoeken", "GET", P.SIGNED_IN, {
        #            oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/zoeken": " ja   ja      404    ja      ja    ja       ja      ja",
    }),
    view("Root", "logboek", "GET", P.SIGNED_IN, {
        "/logboek": "404  404     404    ja      ja    404      ja      ja",
    }),
    view("Municipalities", "", "GET", P.SIGNED_IN, {"/gemeenten": ALL}),
    view("Health", "live", "GET", PUBLIC, {"/health/live": ALL}),
    view("Health", "ready", "GET", PUBLIC, {"/health/ready": ALL}),
    view("ThemeSheet", "", "GET", PUBLIC, {"/huisstijl/154273.css": ALL}),
    # --- the app's door: the key decides, never a role -------------------------------------------
    view("DocumentNode", "", "GET", PUBLIC, {"/api/v1/openapi.json": ALL}),
    view("LogoNode", "", "GET", PUBLIC, {
        "/api/v1/gemeenten/GM0505/logo": "404 404 404 404 404 404 404 404",
    }),
    view("MunicipalitiesNode", "", "GET", PUBLIC, {
        "/api/v1/gemeenten": "401 401 401 401 401 401 401 401",
    }),
    view("ReportNode", "", "GET", PUBLIC, {
        "/api/v1/meldingen/M-4F7K-2QX9": "401 401 401 401 401 401 401 401",
    }),
    view("ReportsNode", "", "POST", PUBLIC, {
        "/api/v1/meldingen": "401 401 401 401 401 401 401 401",
    }),
    view("ApiNode", "", "OPTIONS", PUBLIC, {"/api/v1/meldingen": ALL}),
    # --- a municipality --------------------------------------------------------------------------
    view("MunicipalityResource", "", "GET", P.VIEW_MUNICIPALITY, {
        #               oov  dossier beheer privacy fg
        "{gemeente}": " ja   ja      ja     ja      ja",
    }),
    view("NeighbourhoodResource", "", "GET", P.VIEW_REPORT, {"{wijk}": READERS}),
    view("MunicipalityResource", "postvak", "GET", P.VIEW_REPORT, {
        "{gemeente}/postvak": " ja ja 403 ja ja",
    }),
    view("Root", "postvak", "GET", P.SIGNED_IN, {
        #             oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/postvak": " ja   ja      404    ja      ja    404      404     404",
    }),
    *form("MunicipalityResource", "melding-invoeren", P.ENTER_REPORT, {
        "{gemeente}/melding-invoeren": AT_HOME,
    }),
    # --- a report --------------------------------------------------------------------------------
    view("ReportResource", "", "GET", P.VIEW_REPORT, {
        "{melding}": READERS,
        "{quarantaine}": READERS,
        "{weg}": READERS,
        "{ingediend}": READERS,
        # The report in a person-directed dossier stays a report; its dossier's page is not theirs.
        "{ook_ingediend}": READERS,
        "{melding_meldpunt}": DESK_READS,
        "{weg_meldpunt}": DESK_READS,
    }),
    view("ShortAddress", "", "GET", P.SIGNED_IN, {
        "{kort}": " ja ja 404 ja ja",
        "{kort_meldpunt}": DESK_READS,
    }),
    view("ReportResource", "volgcode", "GET", P.ENTER_REPORT, {
        # Half an hour, and only for who entered it: nobody here did.
        "{melding}/volgcode": " 404 404 404 403 403",
    }),
    *form("ReportResource", "triage", P.TRIAGE, {
        "{melding}/triage": WORKERS,
        "{behandeling}/triage": WORKERS,
        "{weg}/triage": NOBODY,
        "{melding_meldpunt}/triage": DESK_NONE,
    }),
    *form("ReportResource", "contact", P.TRIAGE, {
        "{behandeling}/contact": WORKERS,
        "{weg}/contact": NOBODY,
        "{melding_meldpunt}/contact": DESK_NONE,
    }),
    view("ReportResource", "spoed", "POST", P.TRIAGE, {
        "{melding}/spoed": WORKERS,
        "{weg}/spoed": NOBODY,
        "{melding_meldpunt}/spoed": DESK_NONE,
    }),
    *(
        page
        for step, sample in {
            "in-behandeling-nemen": "{melding}",
            "vraag-melder": "{behandeling}",
            "antwoord-melder": "{behandeling}",
            "vraag-partner": "{behandeling}",
            "antwoord-partner": "{behandeling}",
            "afhandelen": "{behandeling}",
            "niet-in-behandeling": "{behandeling}",
            "heropenen": "{behandeling}",
        }.items()
        for page in form("ReportResource", step, P.TRIAGE, {
            f"{sample}/{step}": WORKERS,
            f"{{weg}}/{step}": NOBODY,
            f"{{melding_meldpunt}}/{step}": DESK_NONE,
        })
    ),
    *(
        page
        for step in ("vrijgeven", "afwijzen")
        for page in form("ReportResource", step, P.RELEASE, {
            f"{{quarantaine}}/{step}": WORKERS,
            f"{{weg}}/{step}": NOBODY,
            f"{{quarantaine_meldpunt}}/{step}": DESK_WORKS,
        })
    ),
    *form("ReportResource", "in-dossier", P.EDIT_DOSSIER, {
        "{behandeling}/in-dossier": WORKERS,
        "{melding_meldpunt}/in-dossier": DESK_NONE,
    }),
    *form("ReportResource", "uit-dossier", P.EDIT_DOSSIER, {
        "{ingediend}/uit-dossier": WORKERS,
    }),
    *form("ReportResource", "doorgeven", P.ROUTE_REPORT, {
        "{melding}/doorgeven": NOBODY,
        "{melding_meldpunt}/doorgeven": DESK_WORKS,
        "{weg_meldpunt}/doorgeven": DESK_NONE,
    }),
    # --- dossiers --------------------------------------------------------------------------------
    view("Root", "dossiers", "GET", P.SIGNED_IN, {
        #             oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/dossiers": " ja   ja      404    ja      ja    404      404     404",
    }),
    view("MunicipalityResource", "dossiers", "GET", P.VIEW_DOSSIER, {
        "{gemeente}/dossiers": " ja ja 403 ja ja",
    }),
    *form("MunicipalityResource", "nieuw-dossier", P.EDIT_DOSSIER, {
        "{gemeente}/nieuw-dossier": AT_HOME,
    }),
    view("DossierResource", "", "GET", P.VIEW_DOSSIER, {
        "{dossier}": READERS,
        "{persoon}": " 404 ja 404 ja ja",
    }),
    *(
        page
        for name, query in {
            "bewerken": "",
            "stap": "?naam=monitoren",
            "notitie": "",
            "afspraak": "",
            "meldingen-toevoegen": "",
        }.items()
        for page in form("DossierResource", name, P.EDIT_DOSSIER, {
            f"{{dossier}}/{name}{query}": WORKERS,
            f"{{persoon}}/{name}{query}": STRICT,
        })
    ),
    *form("DossierResource", "melding-eruit", P.EDIT_DOSSIER, {
        "{dossier}/melding-eruit?melding={kenmerk_ingediend}": WORKERS,
        "{persoon}/melding-eruit?melding={kenmerk_ook_ingediend}": STRICT,
    }),
    *form("DossierResource", "meldingen-afhandelen", P.TRIAGE, {
        "{dossier}/meldingen-afhandelen": WORKERS,
        "{persoon}/meldingen-afhandelen": STRICT,
    }),
    # --- exports, the register, and what anybody may check ---------------------------------------
    view("Root", "uitvoer", "GET", P.SIGNED_IN, {
        #            oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/uitvoer": " ja   ja      404    ja      ja    404      404     404",
    }),
    view("MunicipalityResource", "uitvoer", "GET", P.VIEW_EXPORT, {
        "{gemeente}/uitvoer": " ja ja 403 ja ja",
    }),
    *form("DossierResource", "uitvoer-aanvragen", P.REQUEST_EXPORT, {
        "{dossier}/uitvoer-aanvragen": WORKERS,
        "{persoon}/uitvoer-aanvragen": STRICT,
    }),
    view("DossierResource", "uitvoer-voorbeeld", "GET", P.REQUEST_EXPORT, {
        "{dossier}/uitvoer-voorbeeld": WORKERS,
        "{persoon}/uitvoer-voorbeeld": STRICT,
    }),
    view("ExportResource", "", "GET", P.VIEW_EXPORT, {
        "{uitvoer}": READERS,
        "{uitvoer_klaar}": READERS,
        "{uitvoer_persoon}": STRICT_READERS,
    }),
    *form("ExportResource", "beoordelen", P.APPROVE_EXPORT, {
        # Whoever asked for it is refused by the service: tests/functional/test_exports.py.
        "{uitvoer}/beoordelen": WORKERS,
        "{uitvoer_persoon}/beoordelen": STRICT,
    }),
    view("ExportResource", "opnieuw", "POST", P.REQUEST_EXPORT, {
        "{uitvoer}/opnieuw": WORKERS,
        "{uitvoer_persoon}/opnieuw": STRICT,
    }),
    view("ExportResource", "pdf", "GET", P.VIEW_EXPORT, {
        "{uitvoer_klaar}/pdf": READERS,
        # Not made yet: for nobody.
        "{uitvoer}/pdf": " 404 404 404 404 404",
    }),
    view("Root", "verstrekkingen", "GET", P.SIGNED_IN, {
        #                   oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/verstrekkingen": " ja   ja      404    ja      ja    404      404     404",
    }),
    view("DisclosureRegister", "", "GET", P.VIEW_DISCLOSURES, {
        "{gemeente}/verstrekkingen": READERS,
    }),
    view("DisclosureResource", "", "GET", P.VIEW_DISCLOSURES, {
        "{verstrekking}": READERS,
        "{verstrekking_persoon}": STRICT_READERS,
    }),
    view("Root", "verificatie", "GET", PUBLIC, {"/verificatie": ALL}),
    view("Root", "verificatie", "POST", PUBLIC, {"/verificatie": ALL}),
    # --- the national desk -----------------------------------------------------------------------
    view("Desk", "", "GET", P.VIEW_DESK, {
        #               meldpunt privacy fg
        "{meldpunt}": " ja       404     404",
    }),
    # --- the log ---------------------------------------------------------------------------------
    view("Resource", "logboek", "GET", P.VIEW_AUDIT, {
        #                           oov  dossier beheer privacy fg
        "{gemeente}/logboek":      " 403  403     403    ja      ja",
        "{wijk}/logboek":          " 403  403     404    404     404",
        "{melding}/logboek":       " 403  403     404    ja      ja",
        "{dossier}/logboek":       " 403  403     404    ja      ja",
        "{persoon}/logboek":       " 404  403     404    ja      ja",
        #                           meldpunt privacy fg
        "{meldpunt}/logboek":      " 403      ja      ja",
    }),
)  # fmt: skip
