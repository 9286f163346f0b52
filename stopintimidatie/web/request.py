"""The request as the views of this house see it: what is on it, with its types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pyramid.request
from pyramid.httpexceptions import HTTPForbidden
from webob.multidict import MultiDict, NoVars

from stopintimidatie.web.navigation import Crumb, NavItem
from stopintimidatie.web.theme import Branding

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from stopintimidatie.audit import Actor
    from stopintimidatie.security import Identity
    from stopintimidatie.settings import Settings


class Request(pyramid.request.Request):
    """``db`` and ``identity`` are put on it by the floors below, ``flash`` by accounts."""

    if TYPE_CHECKING:
        db: Session
        identity: Identity | None
        branding: Branding
        navigation: list[NavItem]
        breadcrumb: list[Crumb]
        context: Any
        flash: Callable[..., None]
        municipality_name: Callable[[str], str]

    @property
    def POST(self) -> MultiDict[str, str] | NoVars:  # noqa: N802 - WebOb's own name
        """Return the text fields of a form; files sent for text are left out (see `files`)."""
        sent = super().POST
        if isinstance(sent, NoVars):
            return sent
        return MultiDict(pair for pair in sent.items() if isinstance(pair[1], str))

    @property
    def files(self) -> list[tuple[str, Any]]:
        """Return the files that a form sent, each as a pair of field name and file."""
        return [pair for pair in super().POST.items() if not isinstance(pair[1], str)]

    @property
    def actor(self) -> Actor:
        """Return who acts, for the audit log.

        :raises HTTPForbidden: nobody is signed in; the permission of a view prevents that.
        """
        if self.identity is None:
            raise HTTPForbidden
        return self.identity.actor

    @property
    def app_settings(self) -> Settings:
        """The settings of this installation."""
        found: Settings = self.registry.app_settings
        return found

    def resource_url(self, resource: Any, *elements: Any, **kw: Any) -> str:
        """The address of a document, as the strict traverser knows it: without a slash behind."""
        made = str(super().resource_url(resource, *elements, **kw))
        if elements or resource.__parent__ is None:
            return made
        path, mark, rest = made.partition("?")
        return path.rstrip("/") + mark + rest

    form_failed: bool = False
    """True once a posted form was refused; the title of the page then starts with 'Fout'."""
