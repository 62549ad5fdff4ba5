#include "accounts/registry.h"

#include "accounts/account-file.h"
#include "accounts/account-name.h"
#include "accounts/folder-watch.h"
#include "base/durable.h"
#include "base/limits.h"
#include "base/log.h"
#include "dbus-interfaces/errors.h"
#include "dbus-interfaces/text.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
