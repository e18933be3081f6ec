"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from config.api import api

urlpatterns = [
    path("", include("frontend.urls")),
    path("language/", login_not_required(set_language), name="set_language"),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
]
