/* router.h - from a path to the object behind it as one caller sees it, and the interfaces of the
 * D-Bus specification. */
#pragma once

#include "bus/internal.h"

/* What the gate hands its calls to: @user_data is the PfBus. */
void pf_router_dispatch (PfCall *call, gpointer user_data);
