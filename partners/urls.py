"""Addresses of the ground floor."""

from __future__ import annotations

from django.urls import path

from partners import views

app_name = "partners"
urlpatterns = [
    path("people/", views.people, name="people"),
    path("audit-trail/", views.audit_trail, name="audit-trail"),
    path("account/", views.you, name="you"),
]
