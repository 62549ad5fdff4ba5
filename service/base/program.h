/* program.h - where our other programs are. */
#pragma once

/**
 * pf_program_find:
 * @name: such as "postferry-deliver"
 * @folder: where the build puts it, below its folder `service`
 *
 * Returns: (transfer full): beside this program, in the build tree, or where it is installed
 */
char *pf_program_find (const char *name, const char *folder);
