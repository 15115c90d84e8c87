/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded, it looks accounts up as a directory server that is gone does: for a minute.
 */
#include <errno.h>
#include <pwd.h>
#include <unistd.h>

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
               struct passwd **found)
{
    (void)name;
    (void)entry;
    (void)buffer;
    (void)size;
    *found = 0;
    sleep(60);
    return EIO;
}
