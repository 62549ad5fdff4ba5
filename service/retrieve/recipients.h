/* recipients.h - one mailbox for several people: whose is a message? (DESIGN 6, `EnvelopeHeader`,
 * `Recipients`). Pure. */
#pragma once

#include "accounts/settings.h"

/**
 * pf_recipients_choose:
 * @settings: rules `ADDRESS=USER`, `*@DOMAIN=USER`, `*@DOMAIN=*`, and LocalUser
 * @envelope: (nullable): the envelope recipient that the provider noted
 *
 * Rules for the very address come before those for its domain; several that fit deliver to several.
 * What fits none goes to LocalUser.
 * Returns: (transfer full): at least one user, none twice
 */
char **pf_recipients_choose (const PfSettings *settings, const char *envelope);
