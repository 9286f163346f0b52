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


#            oov  dossier beheer privacy fg  | meldpunt privacy fg
ALL = "      ja   ja      ja     ja      ja    ja       ja      ja"
#            oov  dossier beheer privacy fg
# Signing out leads to the same page.
SIGNS_OUT = " aanmelden" * 8
READERS = "  ja   ja      404    ja      ja"
WORKERS = "  ja   ja      404    403     403"
GUARDS = "   403  403     403    ja      ja"

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
        "{melding}/logboek":       " 404  404     404    ja      ja",
        "{dossier}/logboek":       " 404  404     404    ja      ja",
        #                           meldpunt privacy fg
        "{meldpunt}/logboek":      " 403      ja      ja",
    }),
)  # fmt: skip
