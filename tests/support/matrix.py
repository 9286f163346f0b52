"""Who may do what: every view of the house × every role × own and other municipality.

One block per view: for which document, under which name, by which method, with which permission.
Below it, per address, what each role gets. The kind of address tells the columns:

- of a municipality: oov, dossierhouder, beheer, privacy, fg of that municipality, and at last
  waarnemer, a deputy;
- of the national desk: meldpunt, privacy, fg of the desk;
- of nobody in particular: both, in that order, without the deputy.

The roles that few pages are for stand behind them by name: `proceseigenaar=ja archivaris=ja`, and
`politiegegevens=ja`; `archivaris_meldpunt=ja` of the desk where the columns are both. Where a row
doesn't say, a deputy gets 404, and these three 403 on a page of the municipality itself that
officers see, else 404; of nobody in particular all get what the others get, if that is the same
for all.

What isn't of one's own holder is always 404, and a visitor is always sent to sign in, unless the
block says that the view is public. Outcomes: `ja` (the page, a redirect, or the form again),
`403`, `404`, and for other doors their own status.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from stopintimidatie.core.security import Permission

P: Final = Permission
PUBLIC: Final = None
SIGN_IN: Final = "aanmelden"
# The columns that a row writes out: of the desk, of a municipality.
OF_DESK: Final = 3
OF_TOWN: Final = 5
# The roles that see the municipality without its documents.
NEAR: Final = frozenset({"proceseigenaar", "archivaris", "politiegegevens"})
AT_MUNICIPALITY: Final = re.compile(r"\{gemeente\}(/[^/{]*(\{[^}]*\})?)?")


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
    outcomes = {path: _outcomes(path, row) for path, row in rows.items()}
    return View(context, name, method, permission, outcomes)


def _outcomes(path: str, row: str) -> tuple[str, ...]:
    """Return a row with an outcome for every role, in the order of the town's roles."""
    written = [part for part in row.split() if "=" not in part]
    # They see the municipality, and so are told that they may not do there what officers may see.
    sees = AT_MUNICIPALITY.fullmatch(path) and written[0] != "404"
    elsewhere = "403" if sees else "404"
    others = dict(part.split("=") for part in row.split() if "=" in part)
    everybody = len(written) > OF_TOWN + 1 and len(set(written)) == 1
    alike = written[0] if everybody else "404"

    def more(*names: str) -> tuple[str, ...]:
        return tuple(
            others.pop(name, elsewhere if name in NEAR and not everybody else alike)
            for name in names
        )

    if len(written) == OF_DESK:
        filled = (*written, *more("archivaris"))
    else:
        own, desk = written[:OF_TOWN], written[OF_TOWN:]
        if len(desk) in (1, 1 + OF_DESK):
            others["waarnemer"] = desk.pop(0)
        filled = (
            *own,
            *more("waarnemer", "proceseigenaar", "archivaris", "politiegegevens"),
            *desk,
        )
        filled = (*filled, *more("archivaris_meldpunt")) if desk else filled
    assert not others, row
    return filled


def form(
    context: str, name: str, permission: Permission | None, rows: dict[str, str]
) -> tuple[View, View]:
    """A page with a form: looking at it and sending it take the same right."""
    return view(context, name, "GET", permission, rows), view(
        context, name, "POST", permission, rows
    )


#            oov  dossier beheer privacy fg  | meldpunt privacy fg
ALL = "      ja   ja      ja     ja      ja    ja       ja      ja"
# And who sees the municipality without its documents.
NEAR_TOO = " ja  ja      ja     ja      ja proceseigenaar=ja archivaris=ja politiegegevens=ja"
#            oov  dossier beheer privacy fg
# Leads everybody to the page to sign in.
SIGNS_OUT = " aanmelden" * 8
TERMS = "    404  404     ja     ja      ja"
READERS = "  ja   ja      404    ja      ja"
WORKERS = "  ja   ja      404    403     403"
# And a deputy, while it waits.
DECIDERS = " ja   ja      404    403     403   ja"
NONE = "     404  404     404    404     404"
NOBODY = "   403  403     404    403     403"
# Of a municipality, its own page is open to the admin too.
AT_HOME = "  ja   ja      403    403     403"
ADMIN = "    404  404     ja     404     404"
STRICT = "   404  ja      404    403     403"
STRICT_READERS = " 404 ja    404    ja      ja"
NO_STEP = "  404  404     403    403     403"
#              meldpunt privacy fg
DESK_READS = " ja       ja      ja"
DESK_WORKS = " ja       403     403"
DESK_ADMIN = " ja       404     404"
DESK_NONE = "  403      403     403"

LIFT = "{verzoek}/beperking-opheffen?nr={beperking}"

MATRIX: Final[tuple[View, ...]] = (
    # --- doors without a holder -----------------------------------------------------------------
    view("Root", "", "GET", PUBLIC, {"/": ALL}),
    view("Root", "aanmelden", "GET", PUBLIC, {"/aanmelden": ALL}),
    view("Root", "aanmelden", "POST", PUBLIC, {"/aanmelden": ALL}),
    view("Root", "afmelden", "POST", P.SIGNED_IN, {"/afmelden": SIGNS_OUT}),
    view("Root", "zoeken", "GET", P.SIGNED_IN, {
        #            oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/zoeken": " ja   ja      404    ja      ja    ja       ja      ja",
    }),
    view("Root", "politie-inlichten", "GET", P.SIGNED_IN, {"/politie-inlichten": ALL}),
    view("Root", "wacht", "GET", P.SIGNED_IN, {"/wacht": ALL}),
    view("MunicipalityResource", "wacht", "GET", P.VIEW_WAITING, {
        "{gemeente}/wacht": f"{NEAR_TOO} waarnemer=ja",
    }),
    view("Desk", "wacht", "GET", P.VIEW_WAITING, {"{meldpunt}/wacht": "ja ja ja archivaris=ja"}),
    # Of no proposal of one's own: it says that it was answered.
    view("MunicipalityResource", "wacht-herinneren", "POST", P.VIEW_WAITING, {
        "{gemeente}/wacht-herinneren": f"{NEAR_TOO} waarnemer=ja",
    }),
    view("Desk", "wacht-herinneren", "POST", P.VIEW_WAITING, {
        "{meldpunt}/wacht-herinneren": "ja ja ja archivaris=ja",
    }),
    view("Root", "logboek", "GET", P.SIGNED_IN, {
        "/logboek": "404  404     404    ja      ja    404      ja      ja",
    }),
    view("Root", "bewaartermijnen", "GET", P.SIGNED_IN, {
        "/bewaartermijnen": "404 404 ja ja ja 404 ja ja ja"
            " proceseigenaar=ja archivaris=ja archivaris_meldpunt=ja",
    }),
    view("Root", "post", "GET", P.SIGNED_IN, {
        "/post": "ja ja ja ja ja 404 ja ja ja"
        " proceseigenaar=ja archivaris=ja politiegegevens=ja archivaris_meldpunt=ja",
    }),
    *form("Root", "postbus", PUBLIC, {"/postbus": ALL}),
    *form("Root", "uitnodigingen", P.SIGNED_IN, {"/uitnodigingen": ALL}),
    view("Municipalities", "", "GET", P.SIGNED_IN, {"/gemeenten": ALL}),
    view("Health", "live", "GET", PUBLIC, {"/health/live": ALL}),
    view("Health", "ready", "GET", PUBLIC, {"/health/ready": ALL}),
    view("Version", "", "GET", PUBLIC, {"/version": ALL}),
    # 404: this installation has no security.contact.
    view("WellKnown", "security.txt", "GET", PUBLIC, {
        "/.well-known/security.txt": "404 404 404 404 404 404 404 404",
    }),
    *form("Root", "aanmelden-link", PUBLIC, {"/aanmelden-link": ALL}),
    *form("Root", "aanmelden-openen", PUBLIC, {"/aanmelden-openen": ALL}),
    view("Root", "account", "GET", P.SIGNED_IN, {"/account": ALL}),
    view("Root", "account-handelingen", "GET", P.SIGNED_IN, {"/account-handelingen": ALL}),
    *form("Root", "account-naam", P.SIGNED_IN, {"/account-naam": ALL}),
    *form("Root", "account-post", P.SIGNED_IN, {"/account-post": ALL}),
    *form("Root", "account-wachtwoord", P.SIGNED_IN, {"/account-wachtwoord": ALL}),
    view("Root", "account-sessie", "POST", P.SIGNED_IN, {"/account-sessie": ALL}),
    *form("Root", "wachtwoord-vergeten", PUBLIC, {"/wachtwoord-vergeten": ALL}),
    *form("Root", "wachtwoord-nieuw", PUBLIC, {"/wachtwoord-nieuw": ALL}),
    *form("Root", "uitnodiging", PUBLIC, {"/uitnodiging": ALL}),
    # Without a sign-in that waits they lead to the page to sign in.
    *form("Root", "aanmelden-factor", PUBLIC, {"/aanmelden-factor": SIGNS_OUT}),
    *form("Root", "aanmelden-instellen", PUBLIC, {"/aanmelden-instellen": SIGNS_OUT}),
    *form("Root", "account-bevestigen", P.SIGNED_IN, {"/account-bevestigen": ALL}),
    *form("Root", "account-app", P.SIGNED_IN, {"/account-app": ALL}),
    *form("Root", "account-passkey", P.SIGNED_IN, {"/account-passkey": ALL}),
    view("Root", "account-factor-weg", "POST", P.SIGNED_IN, {"/account-factor-weg": ALL}),
    view("Root", "account-herstelcodes", "POST", P.SIGNED_IN, {"/account-herstelcodes": ALL}),
    view("Root", "aanmelden-passkey", "POST", PUBLIC, {"/aanmelden-passkey": ALL}),
    # --- the doors to the identity providers of municipalities -----------------------------------
    view("ProviderDoors", "", "GET", PUBLIC, {"/aanmelden-gemeente": ALL}),
    # The provider decides, never a role; here it doesn't answer.
    view("ProviderDoor", "", "GET", PUBLIC, {
        "/aanmelden-gemeente/zwijndrecht": "503 503 503 503 503 503 503 503",
    }),
    view("ProviderDoor", "terug", "GET", PUBLIC, {
        "/aanmelden-gemeente/zwijndrecht/terug": "403 403 403 403 403 403 403 403",
    }),
    view("ProviderDoor", "uitloggen", "POST", PUBLIC, {
        "/aanmelden-gemeente/zwijndrecht/uitloggen": "400 400 400 400 400 400 400 400",
    }),
    # In a session of our own there is nobody to ask: back to the page.
    view("Root", "aanmelden-gemeente-opnieuw", "GET", P.SIGNED_IN, {
        "/aanmelden-gemeente-opnieuw": ALL,
    }),
    view("Root", "afgemeld", "GET", PUBLIC, {"/afgemeld": ALL}),
    *form("Root", "aansluiten", PUBLIC, {"/aansluiten": ALL}),
    *form("Root", "aansluiten-bevestigen", PUBLIC, {
        "/aansluiten-bevestigen": "404 404 404 404 404 404 404 404",
    }),
    view("Programme", "", "GET", PUBLIC, {"/programma": ALL}),
    view("ProgrammeFile", "", "GET", PUBLIC, {"/programma/kcc.docx": ALL}),
    view("Statements", "", "GET", PUBLIC, {"/privacy": ALL}),
    view("Statements", "jongeren", "GET", PUBLIC, {"/privacy/jongeren": ALL}),
    view("MunicipalityStatement", "", "GET", PUBLIC, {
        "/privacy/dordrecht": ALL,
        "/privacy/papendrecht": ALL,
    }),
    view("Root", "toegankelijkheid", "GET", PUBLIC, {"/toegankelijkheid": ALL}),
    view("Course", "", "GET", PUBLIC, {"/cursus": ALL}),
    view("Course", "pdf", "GET", PUBLIC, {"/cursus/pdf": ALL}),
    *form("Lesson", "", PUBLIC, {"/cursus/1": ALL}),
    view("Lesson", "pdf", "GET", PUBLIC, {"/cursus/1/pdf": ALL}),
    *form("Reporting", "", PUBLIC, {"/melden": ALL}),
    *form("ReportingPlace", "", PUBLIC, {
        "/melden/dordrecht": ALL,
        "/melden/onderweg": ALL,
        "/melden/onbekend": ALL,
    }),
    view("ReportingPlace", "kaart", "GET", PUBLIC, {
        # Where no outlines are loaded there is no map.
        "/melden/dordrecht/kaart": "404 404 404 404 404 404 404 404",
    }),
    view("Handbook", "", "GET", P.SIGNED_IN, {"/hulp": ALL}),
    view("Chapter", "", "GET", P.SIGNED_IN, {"/hulp/begin": ALL}),
    view("ThemeSheet", "", "GET", PUBLIC, {"/huisstijl/154273.css": ALL}),
    # --- the app's door: the key decides, never a role -------------------------------------------
    view("DocumentNode", "", "GET", PUBLIC, {"/api/v1/openapi.json": ALL}),
    view("ReferenceNode", "", "GET", PUBLIC, {"/api/v1/docs": ALL}),
    view("LogoNode", "", "GET", PUBLIC, {
        "/api/v1/gemeenten/GM0505/logo": "404 404 404 404 404 404 404 404",
    }),
    view("FormNode", "", "GET", PUBLIC, {
        "/api/v1/formulier": "401 401 401 401 401 401 401 401",
    }),
    view("MunicipalitiesNode", "", "GET", PUBLIC, {
        "/api/v1/gemeenten": "401 401 401 401 401 401 401 401",
    }),
    view("ReportNode", "", "GET", PUBLIC, {
        "/api/v1/meldingen/M-4F7K-2QX9": "401 401 401 401 401 401 401 401",
    }),
    view("ReportNode", "", "DELETE", PUBLIC, {
        "/api/v1/meldingen/M-4F7K-2QX9": "401 401 401 401 401 401 401 401",
    }),
    view("AdditionsNode", "", "POST", PUBLIC, {
        "/api/v1/meldingen/M-4F7K-2QX9/aanvullingen": "401 401 401 401 401 401 401 401",
    }),
    view("AttachmentsNode", "", "POST", PUBLIC, {
        "/api/v1/meldingen/M-4F7K-2QX9/bijlagen": "401 401 401 401 401 401 401 401",
    }),
    view("ContactNode", "", "PUT", PUBLIC, {
        "/api/v1/meldingen/M-4F7K-2QX9/contactgegevens": "401 401 401 401 401 401 401 401",
    }),
    view("ReportsNode", "", "POST", PUBLIC, {
        "/api/v1/meldingen": "401 401 401 401 401 401 401 401",
    }),
    view("ApiNode", "", "OPTIONS", PUBLIC, {"/api/v1/meldingen": ALL}),
    # --- the reporter's door: reference and follow code decide, never a role ----------------------
    view("FollowPages", "", "GET", PUBLIC, {"/volgen": ALL}),
    view("FollowPages", "", "POST", PUBLIC, {"/volgen": ALL}),
    *(
        view("FollowPages", name, method, PUBLIC, {f"/volgen/{name}": ALL})
        for name, method in (
            ("melding", "GET"),
            ("gegevens", "GET"),
            ("gegevens", "POST"),
            ("meenemen", "POST"),
            ("bericht", "POST"),
            ("bijlage", "POST"),
            ("contactgegevens", "POST"),
            ("mening", "POST"),
            ("intrekken", "GET"),
            ("intrekken", "POST"),
            ("toch-niet", "POST"),
            ("bewaren", "POST"),
            ("sluiten", "POST"),
            ("weg", "GET"),
        )
    ),
    # --- a municipality --------------------------------------------------------------------------
    view("MunicipalityResource", "", "GET", P.VIEW_MUNICIPALITY, {
        #               oov  dossier beheer privacy fg
        "{gemeente}": NEAR_TOO,
    }),
    *form("MunicipalityResource", "berichten", P.MANAGE_MUNICIPALITY, {
        #                         oov  dossier beheer privacy fg
        "{gemeente}/berichten": " 403  403     ja     403     403",
    }),
    view("MunicipalityResource", "berichten-code", "POST", P.MANAGE_MUNICIPALITY, {
        "{gemeente}/berichten-code": " 403  403     404    403     403",
    }),
    # --- who works for a municipality ------------------------------------------------------------
    #                               oov  dossier beheer privacy fg
    view("MunicipalityResource", "gebruikers", "GET", P.MANAGE_MUNICIPALITY, {
        "{gemeente}/gebruikers": " 403  403     ja     403     403",
    }),
    *form("MunicipalityResource", "gebruiker-uitnodigen", P.MANAGE_MUNICIPALITY, {
        "{gemeente}/gebruiker-uitnodigen": " 403  403     ja     403     403",
    }),
    *(
        # Of nobody in particular.
        view("MunicipalityResource", name, "POST", P.MANAGE_MUNICIPALITY, {
            f"{{gemeente}}/{name}": " 403  403     404    403     403",
        })
        for name in ("gebruiker-opnieuw", "gebruiker-intrekken")
    ),
    *form("MunicipalityResource", "gebruiker", P.MANAGE_MUNICIPALITY, {
        #                                     oov  dossier beheer privacy fg
        "{gemeente}/gebruiker?wie={collega}": " 403  403     ja     403     403",
    }),
    *form("MunicipalityResource", "gebruikers-nakijken", P.MANAGE_MUNICIPALITY, {
        "{gemeente}/gebruikers-nakijken": " 403  403     ja     403     403",
    }),
    *form("MunicipalityResource", "afwezig", P.VIEW_MUNICIPALITY, {
        "{gemeente}/afwezig": NEAR_TOO,
        # The admin alone sees that of a colleague.
        "{gemeente}/afwezig?wie={collega}": " 404 404 ja 404 404",
    }),
    # Of no absence in particular.
    view("MunicipalityResource", "afwezig-beeindigen", "POST", P.VIEW_MUNICIPALITY, {
        "{gemeente}/afwezig-beeindigen": " 404 404 404 404 404",
    }),
    # --- signing in through the municipality -----------------------------------------------------
    *(
        page
        for name in ("aanmelden-instellen", "groep-toevoegen", "groepen-proberen")
        for page in form("MunicipalityResource", name, P.MANAGE_MUNICIPALITY, {
            f"{{gemeente}}/{name}": " 403  403     ja     403     403",
        })
    ),
    view("MunicipalityResource", "groepen", "GET", P.MANAGE_MUNICIPALITY, {
        "{gemeente}/groepen": " 403  403     ja     403     403",
    }),
    view("MunicipalityResource", "aanmelden-testen", "POST", P.MANAGE_MUNICIPALITY, {
        # There is nothing to test yet: back to the page, with words.
        "{gemeente}/aanmelden-testen": " 403  403     ja     403     403",
    }),
    view("MunicipalityResource", "groep-weg", "POST", P.MANAGE_MUNICIPALITY, {
        # Of no group in particular.
        "{gemeente}/groep-weg": " 403  403     404    403     403",
    }),
    *form("MunicipalityResource", "rollen", P.CONFIRM_ROLE, {
        "{gemeente}/rollen": " ja   ja      403    ja      ja",
    }),
    # --- forwarding by mail and code -------------------------------------------------------------
    view("PickupPage", "", "GET", PUBLIC, {"/ophalen/O-4F7K-2QXJ": ALL}),
    view("PickupPage", "", "POST", PUBLIC, {"/ophalen/O-4F7K-2QXJ": ALL}),
    view("PickupPage", "code", "POST", PUBLIC, {"/ophalen/O-4F7K-2QXJ/code": ALL}),
    # Without a code typed just now they lead back to the page that asks for one.
    view("PickupPage", "document", "GET", PUBLIC, {"/ophalen/O-4F7K-2QXJ/document": ALL}),
    *(
        view("PickupPage", name, "POST", PUBLIC, {f"/ophalen/O-4F7K-2QXJ/{name}": ALL})
        for name in ("bestand", "antwoord", "afsluiten", "vernietigd", "correctie")
    ),
    # Outside a sitting they lead back to the page that asks for a code.
    *(
        view("PickupPage", name, "GET", PUBLIC, {f"/ophalen/O-4F7K-2QXJ/{name}": ALL})
        for name in ("meldingen", "melding", "melding-bijlage")
    ),
    *(
        view("PickupPage", name, "POST", PUBLIC, {f"/ophalen/O-4F7K-2QXJ/{name}": ALL})
        for name in (
            "openen",
            "melding-antwoord",
            "melding-ingetrokken",
            "melding-pdf",
            "meldingen-sluiten",
        )
    ),
    view("ReportResource", "aanbieden", "POST", P.ROUTE_REPORT, {
        "{melding}/aanbieden": NOBODY,
        "{melding_meldpunt}/aanbieden": DESK_WORKS,
    }),
    view("ReportResource", "ophaalcode", "POST", P.ROUTE_REPORT, {
        "{melding}/ophaalcode": NOBODY,
        "{melding_meldpunt}/ophaalcode": DESK_WORKS,
    }),
    view("DeskMunicipality", "ophaalcode", "POST", P.ROUTE_REPORT, {
        "{afspraak_meldpunt}/ophaalcode": DESK_ADMIN,
    }),
    # --- what the desk agreed with a municipality ------------------------------------------------
    *form("Desk", "berichten", P.ROUTE_REPORT, {"{meldpunt}/berichten": DESK_ADMIN}),
    view("Desk", "berichten-code", "POST", P.ROUTE_REPORT, {
        "{meldpunt}/berichten-code": " 404 404 404",
    }),
    view("Desk", "afspraken", "GET", P.VIEW_DESK, {"{meldpunt}/afspraken": DESK_ADMIN}),
    view("DeskMunicipality", "", "GET", P.VIEW_DESK, {"{afspraak_meldpunt}": DESK_ADMIN}),
    view("Desk", "bellijst", "GET", P.VIEW_DESK, {"{meldpunt}/bellijst": DESK_ADMIN}),
    view("Desk", "cijfers", "GET", P.VIEW_DESK, {
        "{meldpunt}/cijfers": DESK_ADMIN,
        "{meldpunt}/cijfers?bestand=csv": DESK_ADMIN,
        "{meldpunt}/cijfers?bestand=xlsx": DESK_ADMIN,
    }),
    *form("DeskMunicipality", "beleid", P.ROUTE_REPORT, {
        "{afspraak_meldpunt}/beleid": DESK_ADMIN,
    }),
    *form("DeskMunicipality", "vastleggen", P.ROUTE_REPORT, {
        "{afspraak_meldpunt}/vastleggen": DESK_ADMIN,
    }),
    *form("DeskMunicipality", "weigering", P.ROUTE_REPORT, {
        "{afspraak_meldpunt}/weigering": DESK_ADMIN,
    }),
    *form("DeskMunicipality", "gesprek", P.ROUTE_REPORT, {
        "{afspraak_meldpunt}/gesprek": DESK_ADMIN,
    }),
    *form("DeskMunicipality", "nummers", P.ROUTE_REPORT, {
        "{afspraak_meldpunt}/nummers": DESK_ADMIN,
    }),
    *form("Desk", "nummers", P.ROUTE_REPORT, {"{meldpunt}/nummers": DESK_ADMIN}),
    view("Desk", "nummers-bestand", "GET", P.VIEW_DESK, {
        "{meldpunt}/nummers-bestand": DESK_ADMIN,
    }),
    *form("DeskMunicipality", "beeindigen", P.ROUTE_REPORT, {
        "{afspraak_meldpunt}/beeindigen": DESK_ADMIN,
    }),
    view("DeskMunicipality", "code", "POST", P.ROUTE_REPORT, {
        "{afspraak_meldpunt}/code": " 404 404 404",
    }),
    view("NeighbourhoodResource", "", "GET", P.VIEW_REPORT, {"{wijk}": READERS}),
    view("MunicipalityResource", "postvak", "GET", P.VIEW_REPORT, {
        "{gemeente}/postvak": " ja ja 403 ja ja",
    }),
    view("MunicipalityResource", "postvak-lijst", "GET", P.TRIAGE, {
        "{gemeente}/postvak-lijst": " ja ja 403 403 403",
        "{gemeente}/postvak-lijst?bestand=csv": " ja ja 403 403 403",
        "{gemeente}/postvak-lijst?bestand=xlsx&toestand=alle": " ja ja 403 403 403",
    }),
    *form("MunicipalityResource", "weergave", P.TRIAGE, {
        "{gemeente}/weergave?toestand=alle": " ja ja 403 403 403",
    }),
    # Of no view in particular.
    view("MunicipalityResource", "weergave-weg", "POST", P.TRIAGE, {
        "{gemeente}/weergave-weg": (
            " 404 404 403 403 403 proceseigenaar=403 archivaris=403 politiegegevens=403"
        ),
    }),
    view("MunicipalityResource", "bellen", "GET", P.TRIAGE, {
        "{gemeente}/bellen": "   ja ja 403 403 403",
    }),
    # --- campaigns, and before and after ---------------------------------------------------------
    view("MunicipalityResource", "campagnes", "GET", P.VIEW_MUNICIPALITY, {
        "{gemeente}/campagnes": NEAR_TOO,
    }),
    *form("MunicipalityResource", "campagne", P.EDIT_SETTINGS, {
        "{gemeente}/campagne": " 403 403 ja 403 403",
        "{gemeente}/campagne?code=bestaat-niet": " 403 403 404 403 403",
    }),
    view("MunicipalityResource", "campagne-weg", "POST", P.EDIT_SETTINGS, {
        # Of no campaign in particular.
        "{gemeente}/campagne-weg": " 403 403 404 403 403",
    }),
    *form("MunicipalityResource", "kennis", P.EDIT_SETTINGS, {
        "{gemeente}/kennis": " 403 403 ja 403 403",
    }),
    # Without a number.
    view("MunicipalityResource", "kennis-intrekken", "POST", P.EDIT_SETTINGS, {
        "{gemeente}/kennis-intrekken": " 403 403 404 403 403",
    }),
    view("Desk", "kennis", "GET", P.VIEW_DESK, {"{meldpunt}/kennis": DESK_ADMIN}),
    *form("Desk", "kennis-besluit", P.EDIT_SETTINGS, {
        "{meldpunt}/kennis-besluit": " 404 404 404",
    }),
    view("Root", "kennis", "GET", P.SIGNED_IN, {"/kennis": ALL}),
    view("MunicipalityResource", "campagnemateriaal", "GET", P.VIEW_MUNICIPALITY, {
        # Of no campaign in particular.
        "{gemeente}/campagnemateriaal": (
            " 404 404 404 404 404 proceseigenaar=404 archivaris=404 politiegegevens=404"
        ),
    }),
    view("MunicipalityResource", "campagnemateriaal-bestand", "GET", P.VIEW_MUNICIPALITY, {
        "{gemeente}/campagnemateriaal-bestand?bestand=banner.svg": (
            " 404 404 404 404 404 proceseigenaar=404 archivaris=404 politiegegevens=404"
        ),
    }),
    view("MunicipalityResource", "campagnemateriaal-delen", "POST", P.EDIT_SETTINGS, {
        "{gemeente}/campagnemateriaal-delen": " 403 403 404 403 403",
    }),
    # Of a link that doesn't stand.
    view("SharedKit", "", "GET", PUBLIC, {f"/campagnemateriaal/GM0505{'x' * 36}": " 404" * 8}),
    view("SharedKit", "bestand", "GET", PUBLIC, {
        f"/campagnemateriaal/GM0505{'x' * 36}/bestand?bestand=banner.svg": " 404" * 8,
    }),
    view("MunicipalityResource", "effect", "GET", P.VIEW_REPORT, {
        "{gemeente}/effect": " ja ja 403 ja ja",
        "{gemeente}/effect?campagne=bestaat-niet": (
            " 404 404 403 404 404 proceseigenaar=403 archivaris=403 politiegegevens=403"
        ),
    }),
    view("MunicipalityResource", "kaart", "GET", P.VIEW_REPORT, {
        "{gemeente}/kaart": " ja ja 403 ja ja",
        "{gemeente}/kaart?postvak=ja&toestand=alle": " ja ja 403 ja ja",
        "{gemeente}/kaart?patroon=1": " ja ja 403 ja ja",
        "{gemeente}/kaart?dossier=2026-9999": (
            " 404 404 403 404 404 proceseigenaar=403 archivaris=403 politiegegevens=403"
        ),
    }),
    view("MunicipalityResource", "kaart.svg", "GET", P.VIEW_REPORT, {
        "{gemeente}/kaart.svg": " ja ja 403 ja ja",
    }),
    view("MunicipalityResource", "kaart-grenzen.json", "GET", P.VIEW_REPORT, {
        "{gemeente}/kaart-grenzen.json": " ja ja 403 ja ja",
    }),
    view("MunicipalityResource", "kaart-punten.json", "GET", P.VIEW_REPORT, {
        "{gemeente}/kaart-punten.json?vak=4,51,5,52&zoom=12": " ja ja 403 ja ja",
    }),
    view("MunicipalityResource", "cijfers", "GET", P.VIEW_REPORT, {
        "{gemeente}/cijfers": " ja ja 403 ja ja",
        "{gemeente}/cijfers?van=2024-01&tot=2025-12&naast=ervoor": " ja ja 403 ja ja",
    }),
    view("MunicipalityResource", "cijfers-bestand", "GET", P.VIEW_REPORT, {
        "{gemeente}/cijfers-bestand?bestand=csv": " ja ja 403 ja ja",
        "{gemeente}/cijfers-bestand": (
            " 404 404 403 404 404 proceseigenaar=403 archivaris=403 politiegegevens=403"
        ),
    }),
    view("Desk", "cijfers-bestand", "GET", P.VIEW_DESK, {
        "{meldpunt}/cijfers-bestand?bestand=xlsx": DESK_ADMIN,
    }),
    view("Root", "cijfers", "GET", P.SIGNED_IN, {
        #             oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/cijfers": " ja   ja      404    ja      ja    404      404     404",
    }),
    view("Root", "kaart", "GET", P.SIGNED_IN, {
        #           oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/kaart": " ja   ja      404    ja      ja    404      404     404",
    }),
    *form("MunicipalityResource", "uitdelen", P.TRIAGE, {
        "{gemeente}/uitdelen": " ja ja 403 403 403",
    }),
    *form("MunicipalityResource", "samen-besluiten", P.TRIAGE, {
        "{gemeente}/samen-besluiten?keuze=niet&alles=ja": " ja ja 403 403 403",
        "{gemeente}/samen-besluiten?keuze=afhandelen&alles=ja": " ja ja 403 403 403",
    }),
    *form("MunicipalityResource", "quarantaine", P.RELEASE, {
        "{gemeente}/quarantaine": AT_HOME,
    }),
    *form("Desk", "quarantaine", P.RELEASE, {"{meldpunt}/quarantaine": " ja 404 404"}),
    # A page that may be seen gives the proof by which it asks; without one there is nothing here.
    view("Root", "nieuw", "GET", PUBLIC, {"/nieuw": "404 404 404 404 404 404 404 404"}),
    view("Root", "postvak", "GET", P.SIGNED_IN, {
        #             oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/postvak": " ja   ja      404    ja      ja    404      404     404",
    }),
    *form("MunicipalityResource", "melding-invoeren", P.ENTER_REPORT, {
        "{gemeente}/melding-invoeren": AT_HOME,
    }),
    view("MunicipalityResource", "melding-invoeren-plek", "POST", P.ENTER_REPORT, {
        "{gemeente}/melding-invoeren-plek": AT_HOME,
    }),
    view("Root", "overdrachten", "GET", P.SIGNED_IN, {
        #                 oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/overdrachten": " ja   ja      404    404     404   404      404     404",
    }),
    view("MunicipalityResource", "overdrachten", "GET", P.TRIAGE, {
        "{gemeente}/overdrachten": AT_HOME,
    }),
    *form("OfferResource", "", P.TRIAGE, {"{overdracht}": " ja ja 404 404 404"}),
    # --- a report --------------------------------------------------------------------------------
    view("ReportResource", "", "GET", P.VIEW_REPORT, {
        "{melding}": READERS,
        "{quarantaine}": READERS,
        "{weg}": READERS,
        "{ingetrokken}": READERS,
        "{bevroren}": READERS,
        "{ingetrokken_in_dossier}": READERS,
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
    *form("ReportResource", "tekst-nakijken", P.REDACT, {
        "{melding}/tekst-nakijken": " ja ja 404 ja 403",
        "{weg}/tekst-nakijken": NOBODY,
        "{melding_meldpunt}/tekst-nakijken": " 403 ja 403",
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
    *form("ReportResource", "contactgegevens", P.VIEW_CONTACT, {
        "{behandeling}/contactgegevens": " ja 403 404 ja 403",
        "{weg}/contactgegevens": NOBODY,
        "{melding_meldpunt}/contactgegevens": " 403 ja 403",
    }),
    *(
        page
        for name in ("uitdelen", "sluimeren", "notitie")
        for page in form("ReportResource", name, P.TRIAGE, {
            f"{{behandeling}}/{name}": WORKERS,
            f"{{weg}}/{name}": NOBODY,
            f"{{melding_meldpunt}}/{name}": DESK_NONE,
        })
    ),
    *form("ReportResource", "bericht", P.TRIAGE, {
        "{behandeling}/bericht": WORKERS,
        "{weg}/bericht": NOBODY,
        "{melding_meldpunt}/bericht": DESK_NONE,
    }),
    view("ReportResource", "bijlage", "GET", P.VIEW_ATTACHMENT, {
        "{behandeling}/bijlage?nummer=1": READERS,
        "{weg}/bijlage?nummer=1": " 403 403 404 403 403",
        "{melding}/bijlage?nummer=1": " 404 404 404 404 404",
        "{melding_meldpunt}/bijlage?nummer=1": " 403 404 404",
    }),
    # Where no outlines are loaded there is no map.
    view("ReportResource", "kaartje.svg", "GET", P.VIEW_REPORT, {
        "{melding}/kaartje.svg": " 404 404 404 404 404",
        "{weg}/kaartje.svg": " 404 404 404 404 404",
        "{melding_meldpunt}/kaartje.svg": " 404 404 404",
    }),
    view("ReportResource", "gezien", "POST", P.TRIAGE, {
        "{melding}/gezien": WORKERS,
        "{weg}/gezien": NOBODY,
        "{melding_meldpunt}/gezien": DESK_NONE,
    }),
    view("Root", "patronen", "GET", P.SIGNED_IN, {
        #             oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/patronen": " ja   ja      404    ja      ja    404      404     404",
    }),
    view("MunicipalityResource", "patronen", "GET", P.VIEW_REPORT, {
        "{gemeente}/patronen": " ja ja 403 ja ja",
        "{gemeente}/patronen?toestand=afgewezen": " ja ja 403 ja ja",
    }),
    view("MunicipalityResource", "patronen-zoeken", "POST", P.EDIT_DOSSIER, {
        "{gemeente}/patronen-zoeken": AT_HOME,
    }),
    view("MunicipalityResource", "algoritme", "GET", P.VIEW_MUNICIPALITY, {
        "{gemeente}/algoritme": NEAR_TOO,
    }),
    view("PatternResource", "", "GET", P.VIEW_REPORT, {
        "{patroon}": READERS,
        "{patroon_besloten}": READERS,
    }),
    *(
        page
        for name in ("aannemen", "uitstellen", "afwijzen")
        for page in form("PatternResource", name, P.EDIT_DOSSIER, {
            f"{{patroon}}/{name}": WORKERS,
        })
    ),
    view("PatternResource", "vragen-collega", "POST", P.EDIT_DOSSIER, {
        "{patroon}/vragen-collega": WORKERS,
    }),
    view("MunicipalityResource", "redactieprofielen", "GET", P.VIEW_MUNICIPALITY, {
        "{gemeente}/redactieprofielen": NEAR_TOO,
        "{gemeente}/redactieprofielen?profiel=politie": NEAR_TOO,
    }),
    *form("MunicipalityAdministration", "redactieprofiel", P.EDIT_SETTINGS, {
        "{gemeente}/beheer/redactieprofiel?profiel=politie": ADMIN,
    }),
    *form("MunicipalityAdministration", "patronen", P.EDIT_SETTINGS, {
        "{gemeente}/beheer/patronen": ADMIN,
    }),
    view("MunicipalityResource", "open-cijfers", "GET", PUBLIC, {
        "/gemeenten/dordrecht/open-cijfers": ALL,
    }),
    # Nothing is published there.
    view("MunicipalityResource", "open-cijfers.csv", "GET", PUBLIC, {
        "/gemeenten/dordrecht/open-cijfers.csv": " 404" * 8,
    }),
    *form("MunicipalityResource", "cijfers-raad", P.VIEW_REPORT, {
        "{gemeente}/cijfers-raad": " ja ja 403 ja ja",
    }),
    *form("Desk", "cijfers-raad", P.VIEW_DESK, {"{meldpunt}/cijfers-raad": DESK_ADMIN}),
    view("MunicipalityResource", "cijfers-uitgeven", "GET", P.EDIT_SETTINGS, {
        "{gemeente}/cijfers-uitgeven": " 403 403 ja  403 403",
    }),
    # Without a quarter.
    view("MunicipalityResource", "cijfers-uitgeven", "POST", P.EDIT_SETTINGS, {
        "{gemeente}/cijfers-uitgeven": " 403 403 404 403 403",
    }),
    view("ReportResource", "vergelijkbaar", "GET", P.VIEW_REPORT, {
        "{melding}/vergelijkbaar": READERS,
        "{weg}/vergelijkbaar": READERS,
        "{melding_meldpunt}/vergelijkbaar": DESK_READS,
    }),
    *form("ReportResource", "dubbel", P.TRIAGE, {
        "{melding}/dubbel?van={kenmerk_ingediend}": WORKERS,
        "{weg}/dubbel": NOBODY,
        "{melding_meldpunt}/dubbel": DESK_NONE,
    }),
    *form("ReportResource", "besluit", P.TRIAGE, {
        "{melding}/besluit": WORKERS,
        "{weg}/besluit": NOBODY,
        "{melding_meldpunt}/besluit": DESK_NONE,
    }),
    view("ReportResource", "naast", "GET", P.VIEW_REPORT, {
        "{melding}/naast": READERS,
        "{melding_meldpunt}/naast": DESK_READS,
    }),
    view("ReportResource", "voorstel", "POST", P.SECOND_LOOK, {
        "{melding}/voorstel": WORKERS,
        "{weg}/voorstel": NOBODY,
        "{melding_meldpunt}/voorstel": DESK_WORKS,
    }),
    view("MunicipalityResource", "ongedaan", "POST", P.TRIAGE, {
        "{gemeente}/ongedaan": AT_HOME,
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
            "overdracht-aanbieden": "{behandeling}",
            "overdracht-intrekken": "{behandeling}",
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
    # What is open to the desk is decided on in its queue.
    *form("ReportResource", "beslissen", P.ROUTE_REPORT, {
        "{melding}/beslissen?keuze=doorgeven": NOBODY,
        **{
            f"{{melding_meldpunt}}/beslissen?keuze={choice}": DESK_WORKS
            for choice in ("doorgeven", "vraag", "beantwoorden", "dubbel", "afsluiten")
        },
        **{
            f"{{melding_meldpunt}}/beslissen?keuze={choice}": DESK_WORKS
            for choice in ("heropenen", "verder", "aanbod")
        },
        "{weg_meldpunt}/beslissen?keuze=doorgeven": DESK_NONE,
        "{melding_meldpunt}/beslissen": DESK_WORKS,
    }),
    view("Desk", "ongedaan", "POST", P.ROUTE_REPORT, {"{meldpunt}/ongedaan": DESK_ADMIN}),
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
    *form("MunicipalityResource", "in-dossier", P.EDIT_DOSSIER, {
        "{gemeente}/in-dossier?melding={kenmerk_ingediend}": AT_HOME,
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
            "meldingen-eruit": "",
            "splitsen": "",
            "overleg": "?nr=1",
            "overleg-verslag": "?nr=1",
            "overleg-voorleggen": "?nr=1",
            "deelnemer": "",
            "maatregel": "",
            "bijlage-toevoegen": "",
            "bijlage-weg": "?nummer=1",
        }.items()
        for page in form("DossierResource", name, P.EDIT_DOSSIER, {
            f"{{dossier}}/{name}{query}": WORKERS,
            f"{{persoon}}/{name}{query}": STRICT,
        })
    ),
    *(
        view("DossierResource", name, "POST", P.EDIT_DOSSIER, {
            f"{{dossier}}/{name}{query}": WORKERS,
            f"{{persoon}}/{name}{query}": STRICT,
        })
        for name, query in {
            "overleg-vervalt": "?nr=1",
            "deelnemer-weg": "",
        }.items()
    ),
    *(
        view("DossierResource", name, "GET", P.VIEW_DOSSIER, {
            f"{{dossier}}/{name}{query}": READERS,
            f"{{persoon}}/{name}{query}": STRICT_READERS,
        })
        for name, query in {
            "overleg-bekijken": "?nr=1",
            "overleg-stuk": "?nr=1",
            "versies": "?veld=samenvatting",
            "bijlage": "?nummer=1",
        }.items()
    ),
    *form("DossierResource", "aanwijzen", P.EDIT_DOSSIER, {
        # Only a person-directed dossier has people who are named.
        "{dossier}/aanwijzen": " 404 404 404 403 403",
        "{persoon}/aanwijzen": STRICT,
    }),
    *(
        page
        for name in ("grond-vastleggen", "herzien", "advies-vragen", "advies-volgen")
        for page in form("DossierResource", name, P.EDIT_DOSSIER, {
            f"{{dossier}}/{name}": " 404 404 404 403 403",
            f"{{persoon}}/{name}": STRICT,
        })
    ),
    *form("DossierResource", "advies-geven", P.ADVISE_DOSSIER, {
        "{dossier}/advies-geven": " 403 403 404 404 403",
        "{persoon_vraagt}/advies-geven": " 404 403 404 ja 403",
    }),
    view("Root", "persoonsgericht", "GET", P.SIGNED_IN, {
        #                    oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/persoonsgericht": " 404 ja      404    ja      ja    404      404     404",
    }),
    view("MunicipalityResource", "persoonsgericht", "GET", P.VIEW_PERSON_DOSSIERS, {
        "{gemeente}/persoonsgericht": " 403 ja 403 ja ja",
    }),
    *form("DossierResource", "melding-eruit", P.EDIT_DOSSIER, {
        "{dossier}/melding-eruit?melding={kenmerk_ingediend}": WORKERS,
        "{persoon}/melding-eruit?melding={kenmerk_ook_ingediend}": STRICT,
    }),
    *form("DossierResource", "meldingen-afhandelen", P.TRIAGE, {
        "{dossier}/meldingen-afhandelen": WORKERS,
        "{persoon}/meldingen-afhandelen": STRICT,
    }),
    # --- partners --------------------------------------------------------------------------------
    view("Root", "partners", "GET", P.SIGNED_IN, {
        #             oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/partners": " ja   ja      ja     ja      ja    404      404     404",
    }),
    view("PartnerList", "", "GET", P.VIEW_PARTNER, {
        "{gemeente}/partners": " ja ja ja ja ja"
        " proceseigenaar=404 archivaris=404 politiegegevens=404",
    }),
    *form("PartnerList", "toevoegen", P.EDIT_PARTNER, {
        "{gemeente}/partners/toevoegen": " 403 ja ja 403 403",
    }),
    view("PartnerResource", "", "GET", P.VIEW_PARTNER, {"{partner}": " ja ja ja ja ja"}),
    *(
        page
        for name in ("bewerken", "beeindigen", "contact")
        for page in form("PartnerResource", name, P.EDIT_PARTNER, {
            f"{{partner}}/{name}": " 403 ja ja 403 403",
        })
    ),
    view("PartnerResource", "hervatten", "POST", P.EDIT_PARTNER, {
        "{partner}/hervatten": " 403 ja ja 403 403",
    }),
    *(
        # Of nobody in particular.
        view("PartnerResource", name, "POST", P.EDIT_PARTNER, {
            f"{{partner}}/{name}": " 403 404 404 403 403",
        })
        for name in ("contact-code", "contact-weg")
    ),
    # --- exports, the register, and what anybody may check ---------------------------------------
    view("Root", "uitvoer", "GET", P.SIGNED_IN, {
        #            oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/uitvoer": " ja   ja      404    ja      ja    404      404     404",
    }),
    view("Root", "waarnemen", "GET", P.SIGNED_IN, {
        "/waarnemen": ALL,
    }),
    view("MunicipalityResource", "waarnemen", "GET", P.VIEW_WAITING, {
        "{gemeente}/waarnemen": f"{NEAR_TOO} waarnemer=ja",
    }),
    view("MunicipalityResource", "uitvoer", "GET", P.VIEW_EXPORT, {
        "{gemeente}/uitvoer": " ja ja 403 ja ja",
    }),
    *form("DossierResource", "uitvoer-aanvragen", P.REQUEST_EXPORT, {
        "{dossier}/uitvoer-aanvragen": WORKERS,
        "{persoon}/uitvoer-aanvragen": STRICT,
    }),
    *form("DossierResource", "uitvoer-samen", P.REQUEST_EXPORT, {
        "{dossier}/uitvoer-samen?voor=politie": WORKERS,
        "{persoon}/uitvoer-samen?voor=politie": STRICT,
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
        # Whoever asked for it is refused by the service: tests/exports/request/test_exports.py.
        "{uitvoer}/beoordelen": DECIDERS,
        "{uitvoer}/beoordelen?niet=ja": DECIDERS,
        "{uitvoer}/beoordelen?samen=ja": DECIDERS,
        "{uitvoer_persoon}/beoordelen": STRICT,
    }),
    view("ExportResource", "opnieuw", "POST", P.REQUEST_EXPORT, {
        "{uitvoer}/opnieuw": WORKERS,
        "{uitvoer_persoon}/opnieuw": STRICT,
    }),
    view("ExportResource", "afbreken", "POST", P.REQUEST_EXPORT, {
        "{uitvoer}/afbreken": WORKERS,
        "{uitvoer_persoon}/afbreken": STRICT,
    }),
    view("ExportResource", "wachtwoord", "POST", P.REQUEST_EXPORT, {
        # It has none: back to the export, with words.
        "{uitvoer}/wachtwoord": WORKERS,
        "{uitvoer_persoon}/wachtwoord": STRICT,
    }),
    *form("ExportResource", "laten-ophalen", P.REQUEST_EXPORT, {
        "{uitvoer}/laten-ophalen": WORKERS,
        "{uitvoer_persoon}/laten-ophalen": STRICT,
    }),
    *form("ExportResource", "zelf-gegeven", P.REQUEST_EXPORT, {
        "{uitvoer}/zelf-gegeven": WORKERS,
        "{uitvoer_persoon}/zelf-gegeven": STRICT,
    }),
    view("ExportResource", "ophaalcode", "POST", P.REQUEST_EXPORT, {
        "{uitvoer}/ophaalcode": WORKERS,
        "{uitvoer_persoon}/ophaalcode": STRICT,
    }),
    *form("ExportResource", "toch-geven", P.APPROVE_EXPORT, {
        "{uitvoer}/toch-geven": DECIDERS,
        "{uitvoer_persoon}/toch-geven": STRICT,
    }),
    *form("ExportResource", "intrekken", P.REQUEST_EXPORT, {
        "{uitvoer}/intrekken": WORKERS,
        "{uitvoer_persoon}/intrekken": STRICT,
    }),
    *(
        view("ExportResource", name, "POST", P.REQUEST_EXPORT, {
            # Not made yet, so nobody has it.
            f"{{uitvoer}}/{name}": " 404 404 404 403 403",
        })
        for name in ("vernietigd-gehoord", "correctie-gehoord")
    ),
    *form("ReportResource", "rectificatie", P.TRIAGE, {
        "{ingediend}/rectificatie": WORKERS,
    }),
    view("ExportResource", "antwoord-gelezen", "POST", P.REQUEST_EXPORT, {
        "{uitvoer}/antwoord-gelezen": WORKERS,
        "{uitvoer_persoon}/antwoord-gelezen": STRICT,
    }),
    view("ExportResource", "pdf", "GET", P.FETCH_EXPORT, {
        "{uitvoer_klaar}/pdf": READERS,
        # Not made yet: for nobody.
        "{uitvoer}/pdf": " 404 404 404 404 404",
    }),
    view("Root", "verstrekkingen", "GET", P.SIGNED_IN, {
        #                   oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/verstrekkingen": " ja   ja      404    ja      ja    ja       ja      ja",
    }),
    view("DisclosureRegister", "", "GET", P.VIEW_DISCLOSURES, {
        "{gemeente}/verstrekkingen": READERS
        + " proceseigenaar=404 archivaris=404 politiegegevens=404",
        "{meldpunt}/verstrekkingen": " ja ja ja",
    }),
    view("DisclosureRegister", "bestand", "GET", P.SAVE_DISCLOSURES, {
        #                                  oov  dossier beheer privacy fg
        "{gemeente}/verstrekkingen/bestand": " 403 403 404 ja ja",
        "{meldpunt}/verstrekkingen/bestand": " 403 ja ja",
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
    # --- what a municipality, or the desk for all, sets -----------------------------------------
    view("Root", "beheer", "GET", P.SIGNED_IN, {
        #           oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/beheer": "404  404     ja     404     404   ja       404     404",
    }),
    *(
        view("Administration", name, "GET", P.EDIT_SETTINGS, {
            f"{{gemeente}}/beheer{path}": ADMIN,
            f"{{meldpunt}}/beheer{path}": DESK_ADMIN,
        })
        for name, path in {
            "": "",
            "versies": "/versies",
            "hulplijnen": "/hulplijnen",
            "sjablonen": "/sjablonen",
        }.items()
    ),
    view("Administration", "intrekken", "POST", P.EDIT_SETTINGS, {
        "{gemeente}/beheer/intrekken": ADMIN,
        "{meldpunt}/beheer/intrekken": DESK_ADMIN,
    }),
    *(
        page
        for name in ("teksten", "let-op", "hulplijn", "sjabloon", "verantwoording")
        for page in form("Administration", name, P.EDIT_SETTINGS, {
            f"{{gemeente}}/beheer/{name}": ADMIN,
            f"{{meldpunt}}/beheer/{name}": DESK_ADMIN,
        })
    ),
    *(
        page
        for name in ("uiterlijk", "termijn", "boas", "politie", "vraag")
        for page in form("MunicipalityAdministration", name, P.EDIT_SETTINGS, {
            f"{{gemeente}}/beheer/{name}": ADMIN,
        })
    ),
    view("MunicipalityAdministration", "vragen", "GET", P.EDIT_SETTINGS, {
        "{gemeente}/beheer/vragen": ADMIN,
    }),
    view("Desk", "aansluitingen", "GET", P.CONNECT, {"{meldpunt}/aansluitingen": " ja 404 404"}),
    *form("Desk", "aansluiting", P.CONNECT, {
        "{meldpunt}/aansluiting?gemeente=zwijndrecht": " ja 404 404",
    }),
    view("Desk", "gebruikers", "GET", P.CONNECT, {
        "{meldpunt}/gebruikers": " ja 404 404",
        "{meldpunt}/gebruikers?gemeente=dordrecht": " ja 404 404",
    }),
    *form("Desk", "gebruiker", P.CONNECT, {
        "{meldpunt}/gebruiker?wie={collega}": " ja 404 404",
    }),
    *form("Desk", "gebruikers-nakijken", P.CONNECT, {
        "{meldpunt}/gebruikers-nakijken": " ja 404 404",
        "{meldpunt}/gebruikers-nakijken?gemeente=dordrecht": " ja 404 404",
    }),
    *form("Desk", "aansluiting-uitnodigen", P.CONNECT, {
        "{meldpunt}/aansluiting-uitnodigen?gemeente=zwijndrecht": " ja 404 404",
    }),
    *form("Desk", "rollen", P.CONNECT, {"{meldpunt}/rollen": " ja 404 404"}),
    *form("Desk", "aansluiting-domeinen", P.CONNECT, {
        "{meldpunt}/aansluiting-domeinen?gemeente=zwijndrecht": " ja 404 404",
    }),
    *(
        view("Desk", f"aansluiting-{name}", "POST", P.CONNECT, {
            # The form names no person.
            f"{{meldpunt}}/aansluiting-{name}?gemeente=zwijndrecht": " 404 404 404",
        })
        for name in ("opnieuw", "intrekken")
    ),
    view("Desk", "aansluiting-opgeleid", "POST", P.CONNECT, {
        # Of nobody in particular.
        "{meldpunt}/aansluiting-opgeleid?gemeente=zwijndrecht": " 404 404 404",
    }),
    view("Desk", "aansluiting-wachtwoord", "POST", P.CONNECT, {
        "{meldpunt}/aansluiting-wachtwoord?gemeente=zwijndrecht": " ja 404 404",
    }),
    *form("Desk", "aansluiting-niveau", P.CONNECT, {
        "{meldpunt}/aansluiting-niveau?gemeente=zwijndrecht": " ja 404 404",
    }),
    view("Desk", "aansluiting-plan-intrekken", "POST", P.CONNECT, {
        "{meldpunt}/aansluiting-plan-intrekken?gemeente=zwijndrecht": " ja 404 404",
    }),
    # --- destruction -----------------------------------------------------------------------------
    view("Root", "vernietiging", "GET", P.SIGNED_IN, {
        #                 oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/vernietiging": " 404 404     ja     ja      ja    404 ja       ja      ja"
        " proceseigenaar=ja archivaris=ja archivaris_meldpunt=ja",
    }),
    *(
        view(node, name, "GET", P.VIEW_RETENTION, {
            address: f"{TERMS} proceseigenaar=ja archivaris=ja",
            address.replace("}", "_meldpunt}"): "ja ja ja archivaris=ja",
        })
        for node, name, address in (
            ("DestructionRegister", "", "{vernietiging}"),
            ("DestructionRegister", "bestand", "{vernietiging}/bestand"),
            ("ListResource", "", "{lijst}"),
            ("StatementResource", "", "{verklaring}"),
            ("StatementResource", "pdf", "{verklaring}/pdf"),
        )
    ),
    view("TombstoneResource", "", "GET", P.VIEW_RETENTION, {
        "{grafsteen}": " ja ja ja ja ja proceseigenaar=ja archivaris=ja",
        "{grafsteen_meldpunt}": " ja ja ja archivaris=ja",
    }),
    *form("ListResource", "anders", P.VIEW_RETENTION, {
        "{lijst}/anders?regel={regel}": " 404 404 403 ja 403 proceseigenaar=ja archivaris=ja",
    }),
    *form("ListResource", "langer-bewaren", P.ASSESS_DESTRUCTION, {
        "{lijst}/langer-bewaren?regel={regel_uiterste}": NO_STEP
        + " proceseigenaar=ja archivaris=403",
    }),
    view("DestructionRegister", "langer-terug", "POST", P.ASSESS_DESTRUCTION, {
        "{vernietiging}/langer-terug?nr={langer}": NO_STEP + " proceseigenaar=ja archivaris=403",
    }),
    view("ListResource", "beoordelen", "POST", P.ASSESS_DESTRUCTION, {
        "{lijst}/beoordelen": NO_STEP + " proceseigenaar=ja archivaris=403",
    }),
    view("ListResource", "nakijken", "POST", P.CHECK_DESTRUCTION, {
        "{lijst}/nakijken": " 404 404 403 ja 403 proceseigenaar=403 archivaris=403",
    }),
    view("ListResource", "machtigen", "POST", P.AUTHORISE_DESTRUCTION, {
        "{lijst}/machtigen": NO_STEP + " proceseigenaar=403 archivaris=ja",
    }),
    # --- requests of data subjects ---------------------------------------------------------------
    view("Root", "verzoeken", "GET", P.SIGNED_IN, {
        "/verzoeken": " 404 404 404 ja ja 404 ja ja",
    }),
    *(
        view(node, name, "GET", P.VIEW_REQUESTS, {
            address: " 404 404 404 ja ja",
            address.replace("}", "_meldpunt}"): " 404 ja ja",
        })
        for node, name, address in (
            ("RequestRegister", "", "{verzoeken}"),
            ("RequestResource", "", "{verzoek}"),
            ("RequestResource", "brief", "{verzoek}/brief?nr={brief}"),
            ("RequestResource", "brief-pdf", "{verzoek}/brief-pdf?nr={brief}"),
        )
    ),
    *(
        page
        for node, name, address in (
            ("RequestRegister", "nieuw", "{verzoeken}/nieuw"),
            ("RequestResource", "stap", "{verzoek}/stap?naam=identiteit"),
            ("RequestResource", "verlengen", "{verzoek}/verlengen"),
            ("RequestResource", "brief-maken", "{verzoek}/brief-maken"),
            ("RequestResource", "brief-verstuurd", "{verzoek}/brief-verstuurd?nr={brief}"),
            ("RequestResource", "beperken", "{verzoek}/beperken"),
            ("RequestResource", "corrigeren", "{verzoek}/corrigeren"),
            ("RequestResource", "beperking-opheffen", LIFT),
            ("RequestResource", "kind-gehoord", "{verzoek_kind}/kind-gehoord"),
        )
        for page in form(node, name, P.HANDLE_REQUESTS, {
            address: " 404 404 404 ja 403",
            address.replace("}", "_meldpunt}"): " 404 ja 403",
        })
    ),
    view("RequestResource", "vastleggen", "POST", P.HANDLE_REQUESTS, {
        "{verzoek_kind}/vastleggen": " 404 404 404 ja 403",
        "{verzoek_kind_meldpunt}/vastleggen": " 404 ja 403",
    }),
    # --- finding a person, and the copy ----------------------------------------------------------
    *(
        page
        for address in (
            "{zoekverzoek}/zoeken",
            "{kopieverzoek}/kopie",
        )
        for page in form("RequestResource", address.rpartition("/")[2], P.HANDLE_REQUESTS, {
            address: " 404 404 404 ja 403",
            address.replace("}", "_meldpunt}", 1): " 404 ja 403",
        })
    ),
    view("RequestResource", "kopie-code", "POST", P.HANDLE_REQUESTS, {
        "{kopieverzoek}/kopie-code": " 404 404 404 ja 403",
        "{kopieverzoek_meldpunt}/kopie-code": " 404 ja 403",
    }),
    *(
        view("RequestResource", name, "GET", P.HANDLE_REQUESTS, {
            f"{{kopieverzoek}}/{name}": " 404 404 404 ja 403",
            f"{{kopieverzoek_meldpunt}}/{name}": " 404 ja 403",
        })
        for name in ("kopie-pdf", "kopie-bestand")
    ),
    *form("RequestResource", "nakijken", P.CHECK_COPY, {
        "{kopie}/nakijken": " 404 ja 404 ja 403",
        "{kopie_meldpunt}/nakijken": " ja ja 403",
    }),
    view("RequestResource", "nakijken-bestand", "GET", P.CHECK_COPY, {
        "{kopie}/nakijken-bestand": " 404 ja 404 ja 403",
        "{kopie_meldpunt}/nakijken-bestand": " ja ja 403",
    }),
    view("FollowPages", "kopie", "POST", PUBLIC, {"/volgen/kopie": ALL}),
    view("PickupPage", "gegevens", "GET", PUBLIC, {"/ophalen/O-4F7K-2QXJ/gegevens": ALL}),
    *(
        view("PickupPage", name, "POST", PUBLIC, {f"/ophalen/O-4F7K-2QXJ/{name}": ALL})
        for name in ("gegevens-pdf", "gegevens-bestand", "gegevens-sluiten")
    ),
    # --- the log ---------------------------------------------------------------------------------
    # --- erasing at the request of who it is about -----------------------------------------------
    *form("ReportResource", "gegevens-wissen", P.ERASE, {
        #                             oov  dossier beheer privacy fg
        "{melding}/gegevens-wissen": " 403 403 404 ja 403",
        "{melding_meldpunt}/gegevens-wissen": " 403 ja 403",
    }),
    *form("DossierResource", "gegevens-wissen", P.ERASE, {
        "{dossier}/gegevens-wissen": " 403 403 404 ja 403",
        "{persoon}/gegevens-wissen": " 404 403 404 ja 403",
    }),
    *form("ReportResource", "wissen-nakijken", P.CHECK_ERASURE, {
        "{melding}/wissen-nakijken": " 403 ja 404 ja 403",
        "{melding_meldpunt}/wissen-nakijken": " ja ja 403",
        "{te_wissen}/wissen-nakijken": " 403 ja 404 ja 403",
        "{te_wissen_meldpunt}/wissen-nakijken": " ja ja 403",
    }),
    *form("DossierResource", "wissen-nakijken", P.CHECK_ERASURE, {
        "{dossier}/wissen-nakijken": " 403 ja 404 ja 403",
        "{persoon}/wissen-nakijken": " 404 ja 404 ja 403",
    }),
    view("Root", "wissen", "GET", P.SIGNED_IN, {"/wissen": " 404 ja 404 ja 404 ja ja 404"}),
    view("MunicipalityResource", "wissen", "GET", P.CHECK_ERASURE, {
        "{gemeente}/wissen": " 403 ja 403 ja 403",
    }),
    view("Desk", "wissen", "GET", P.CHECK_ERASURE, {"{meldpunt}/wissen": " ja ja 404"}),
    view("Desk", "start", "GET", P.VIEW_RETENTION, {
        "{meldpunt}/start": "ja ja ja archivaris=ja",
    }),
    view("TermsNode", "", "GET", P.VIEW_RETENTION, {
        "{gemeente}/bewaartermijnen": f"{TERMS} proceseigenaar=ja archivaris=ja",
        "{meldpunt}/bewaartermijnen": "ja ja ja archivaris=ja",
    }),
    view("TermsNode", "versie", "GET", P.VIEW_RETENTION, {
        "{gemeente}/bewaartermijnen/versie?nr=2": f"{TERMS} proceseigenaar=ja archivaris=ja",
        "{meldpunt}/bewaartermijnen/versie?nr=2": "ja ja ja archivaris=ja",
    }),
    *form("TermsNode", "voorstellen", P.PROPOSE_TERMS, {
        "{gemeente}/bewaartermijnen/voorstellen":
            "404 404 ja 403 403 proceseigenaar=403 archivaris=ja",
        "{meldpunt}/bewaartermijnen/voorstellen": "ja 403 403 archivaris=ja",
    }),
    view("TermsNode", "intrekken", "POST", P.PROPOSE_TERMS, {
        "{gemeente}/bewaartermijnen/intrekken?nr=2":
            "404 404 ja 403 403 proceseigenaar=403 archivaris=ja",
    }),
    *form("TermsNode", "beslissen", P.APPROVE_TERMS, {
        "{gemeente}/bewaartermijnen/beslissen?nr=2":
            "404 404 403 403 403 proceseigenaar=403 archivaris=ja",
    }),
    *(
        view("TermsNode", name, "POST", P.APPROVE_TERMS, {
            f"{{gemeente}}/bewaartermijnen/{name}":
                "404 404 403 403 403 proceseigenaar=403 archivaris=ja",
        })
        for name in ("verlengen", "beeindigen")
    ),
    view("Root", "bevriezingen", "GET", P.SIGNED_IN, {
        #                 oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/bevriezingen": " 404  404     ja     ja      ja   ja       ja      ja"
        " proceseigenaar=ja archivaris=ja archivaris_meldpunt=ja",
    }),
    view("MunicipalityResource", "bevriezingen", "GET", P.VIEW_RETENTION, {
        "{gemeente}/bevriezingen": " 403 403 ja ja ja proceseigenaar=ja archivaris=ja",
    }),
    view("Desk", "bevriezingen", "GET", P.VIEW_RETENTION, {
        "{meldpunt}/bevriezingen": " ja ja ja archivaris=ja",
    }),
    *(
        page
        for name in ("bevriezen", "bevriezing?nr={bevriezing}")
        for page in form("MunicipalityResource", name.partition("?")[0], P.HOLD, {
            f"{{gemeente}}/{name}": " 403 403 403 ja 403 proceseigenaar=ja archivaris=403",
        })
    ),
    *(
        page
        for name in ("bevriezen", "bevriezing?nr={bevriezing_meldpunt}")
        for page in form("Desk", name.partition("?")[0], P.HOLD, {
            f"{{meldpunt}}/{name}": " ja ja 404 archivaris=404",
        })
    ),
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
    # --- breaches: whoever works with documents reports, the privacy officer handles --------------
    view("Root", "datalekken", "GET", P.SIGNED_IN, {
        #              oov  dossier beheer privacy fg  | meldpunt privacy fg
        "/datalekken": " 404 404     404    ja      ja    404      ja      ja",
    }),
    view("Root", "datalek-melden", "GET", P.SIGNED_IN, {
        "/datalek-melden": " ja ja  404     ja      ja    ja       ja      ja",
    }),
    *(
        view(node, name, "GET", permission, {
            f"{{gemeente}}/{address}{name and '/'}{name}": town,
            f"{{meldpunt}}/{address}{name and '/'}{name}": desk,
        })
        for name in ("", "bestand", "pdf")
        for node, address, permission, town, desk in (
            (
                *("ProcessingRegister", "verwerkingen", P.VIEW_RETENTION),
                *(f"{TERMS} proceseigenaar=ja archivaris=ja", "ja ja ja archivaris=ja"),
            ),
            ("YearlyAccount", "jaarverslag", P.VIEW_AUDIT, " 404 404 404 ja ja", " 404 ja ja"),
        )
    ),
    *(
        view("LegalDocuments", name.partition("?")[0], "GET", P.VIEW_RETENTION, {
            f"{{gemeente}}/verantwoording{name and '/'}{name}": (
                f"{TERMS} proceseigenaar=ja archivaris=ja"
            ),
        })
        for name in ("", "stuk?naam=dpia", "bestand?naam=dpia&vorm=docx", "zip")
    ),
    view("BreachRegister", "", "GET", P.VIEW_BREACHES, {
        #                         oov dossier beheer privacy fg
        "{gemeente}/datalekken": " 404 404     404    ja      ja",
        "{meldpunt}/datalekken": " 404 ja ja",
    }),
    *(
        page
        for name, end in (("", ""), ("ap", "/ap"))
        for page in (
            view("BreachResource", name, "GET", P.VIEW_BREACHES, {
                f"{{datalek}}{end}": " 404 404 404 ja ja",
                f"{{datalek_meldpunt}}{end}": " 404 ja ja",
            }),
            # The FG reads, and sends nothing.
            view("BreachResource", name, "POST", P.VIEW_BREACHES, {
                f"{{datalek}}{end}": " 404 404 404 ja 403",
                f"{{datalek_meldpunt}}{end}": " 404 ja 403",
            }),
        )
    ),
    *form("BreachResource", "vertellen", P.HANDLE_BREACHES, {
        "{datalek}/vertellen": " 404 404 404 ja 403",
        "{datalek_meldpunt}/vertellen": " 404 ja 403",
    }),
    *form("BreachResource", "gemeenten", P.HANDLE_BREACHES, {
        # Only the desk gives a breach to municipalities.
        "{datalek}/gemeenten": " 404 404 404 404 403",
        "{datalek_meldpunt}/gemeenten": " 404 ja 403",
    }),
    *(
        view("BreachResource", name, "POST", P.HANDLE_BREACHES, {
            f"{{datalek}}/{name}": " 404 404 404 ja 403",
            f"{{datalek_meldpunt}}/{name}": " 404 ja 403",
        })
        for name in ("afsluiten", "heropenen")
    ),
    *form("MunicipalityResource", "datalek-melden", P.REPORT_BREACH, {
        "{gemeente}/datalek-melden": " ja ja 403 ja ja",
    }),
    *form("Desk", "datalek-melden", P.REPORT_BREACH, {
        "{meldpunt}/datalek-melden": " ja ja ja",
    }),
    *form("ExportResource", "zoekgeraakt", P.REPORT_BREACH, {
        # Before there is a document nothing can be lost.
        "{uitvoer}/zoekgeraakt": " 404 404 404 404 404",
        "{uitvoer_klaar}/zoekgeraakt": READERS,
    }),
    *form("DisclosureResource", "zoekgeraakt", P.REPORT_BREACH, {
        "{verstrekking}/zoekgeraakt": READERS,
        "{verstrekking_persoon}/zoekgeraakt": " 404 ja 404 ja ja",
    }),
    # Without the code in a cookie it sends back to the page that asks for it.
    *form("PickupPage", "zoekgeraakt", PUBLIC, {"/ophalen/O-4F7K-2QXJ/zoekgeraakt": ALL}),
    # --- police data: for the persons named for it; for everybody else nothing is there ----------
    view("Root", "politiegegevens", "GET", P.SIGNED_IN, {
        "/politiegegevens": f"{NONE} 404 404 404 politiegegevens=ja",
    }),
    view("PoliceList", "", "GET", P.POLICE_DATA, {
        "{gemeente}/politiegegevens": f"{NONE} politiegegevens=ja",
    }),
    view("PoliceList", "logboek", "GET", P.POLICE_DATA, {
        "{gemeente}/politiegegevens/logboek": f"{NONE} politiegegevens=ja",
    }),
    *(
        page
        for name in ("vastleggen", "optreden")
        for page in form("PoliceList", name, P.POLICE_DATA, {
            f"{{gemeente}}/politiegegevens/{name}": f"{NONE} politiegegevens=ja",
        })
    ),
    # Who marked something reads that without being named; where nobody is, the privacy officer.
    *form("PoliceList", "stuk", P.VIEW_MUNICIPALITY, {
        "{gemeente}/politiegegevens/stuk?nr={politie}": f"{NONE} politiegegevens=ja",
        "{gemeente}/politiegegevens/stuk?nr={politiemelding}": f"{NONE} politiegegevens=ja",
        "{gemeente}/politiegegevens/stuk?nr={politiemerk}": f"{NONE} politiegegevens=ja",
    }),
    view("PoliceList", "bestand", "GET", P.VIEW_MUNICIPALITY, {
        "{gemeente}/politiegegevens/bestand?nr={politiemerk}": f"{NONE} politiegegevens=ja",
        "{gemeente}/politiegegevens/bestand?nr={politie}": f"{NONE} politiegegevens=ja",
    }),
    *form("ReportResource", "van-de-politie", P.TRIAGE, {
        "{behandeling}/van-de-politie": WORKERS,
        "{melding_meldpunt}/van-de-politie": DESK_NONE,
    }),
    *form("DossierResource", "teksten-nakijken", P.EDIT_DOSSIER, {
        "{dossier}/teksten-nakijken": WORKERS,
        "{persoon}/teksten-nakijken": STRICT,
    }),
    *form("DossierResource", "van-de-politie", P.EDIT_DOSSIER, {
        "{dossier}/van-de-politie": WORKERS,
        "{persoon}/van-de-politie": STRICT,
    }),
    *form("PoliceList", "aanvullen", P.POLICE_DATA, {
        "{gemeente}/politiegegevens/aanvullen?nr={politie}": f"{NONE} politiegegevens=ja",
    }),
    *form("PoliceList", "beslissen", P.POLICE_DATA, {
        "{gemeente}/politiegegevens/beslissen?nr={politie}": f"{NONE} politiegegevens=ja",
    }),
    *(
        view(context, "inzage-vragen", "POST", P.ASK_READS, {
            f"{home}/inzage-vragen?nr={{logregel{end}}}": columns,
        })
        for context, home, end, columns in (
            ("MunicipalityResource", "{gemeente}", "", " 403 403 403 403 ja"),
            ("Desk", "{meldpunt}", "_meldpunt", " 403 404 ja"),
        )
    ),
    view("Root", "account-inzagevragen", "GET", P.SIGNED_IN, {"/account-inzagevragen": ALL}),
    # For who did it, or was asked why: nobody here.
    view("Root", "account-inzage", "GET", P.SIGNED_IN, {
        "/account-inzage?nr={logregel}&waar=GM0505": "404 404 404 404 404 404 404 404 404",
    }),
    view("Resource", "logboek-bestand", "GET", P.VIEW_AUDIT, {
        "{gemeente}/logboek-bestand": " 403  403     403    ja      ja",
        "{melding}/logboek-bestand":  " 403  403     404    ja      ja",
        "{persoon}/logboek-bestand":  " 404  403     404    ja      ja",
        "{meldpunt}/logboek-bestand": " 403      ja      ja",
    }),
    view("MunicipalityResource", "logboek-regel", "GET", P.VIEW_AUDIT, {
        "{gemeente}/logboek-regel?nr={logregel}": " 403  403     403    ja      ja",
    }),
    view("Desk", "logboek-regel", "GET", P.VIEW_AUDIT, {
        "{meldpunt}/logboek-regel?nr={logregel_meldpunt}": " 403      ja      ja",
    }),
    # --- transferring to an archive: the archivist alone -----------------------------------------
    view("Root", "overbrengen", "GET", P.SIGNED_IN, {
        "/overbrengen": f"{NONE} 404 404 404 archivaris=ja",
    }),
    *form("MunicipalityResource", "overbrengen", P.TRANSFER, {
        "{gemeente}/overbrengen": " 403 403 403 403 403 archivaris=ja",
    }),
    *form("MunicipalityResource", "vertrek", P.TRANSFER, {
        "{gemeente}/vertrek": " 403 403 403 403 403 archivaris=ja",
    }),
)  # fmt: skip


@dataclass(frozen=True)
class SecondStep:
    """Where the second person answers a kind of proposal; `asks`: the second factor again."""

    kind: str
    context: str
    name: str
    permission: Permission
    asks: bool = True


# Each kind of `core/second`, and what keeps a list apart: a test holds them against the views.
SECOND_STEPS: Final = (
    *(
        SecondStep(kind, context, "rollen", permission)
        for kind in ("rol", "groepsrol", "inlogdienst")
        for context, permission in (
            ("MunicipalityResource", P.CONFIRM_ROLE),
            ("Desk", P.CONNECT),
        )
    ),
    SecondStep("bewaartermijnen", "TermsNode", "beslissen", P.APPROVE_TERMS),
    SecondStep("uitvoer", "ExportResource", "beoordelen", P.APPROVE_EXPORT),
    SecondStep("wissen", "ReportResource", "wissen-nakijken", P.CHECK_ERASURE),
    SecondStep("wissen", "DossierResource", "wissen-nakijken", P.CHECK_ERASURE),
    SecondStep("kopie", "RequestResource", "nakijken", P.CHECK_COPY),
    SecondStep("politiegegevens", "PoliceList", "beslissen", P.POLICE_DATA),
    # Nothing leaves, goes or opens by these: a report is closed, a dossier has an advice.
    SecondStep("tweede_blik", "ReportResource", "voorstel", P.SECOND_LOOK, asks=False),
    SecondStep("advies", "DossierResource", "advies-geven", P.ADVISE_DOSSIER, asks=False),
)
