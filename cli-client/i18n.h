/* i18n.h - marks what is translated. JSON, settings' names and problem codes never are. */
#pragma once

#define GETTEXT_PACKAGE "postferry"

#include <glib/gi18n.h>
