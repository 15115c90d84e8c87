/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded, it looks accounts up as a directory server that is gone does: for a minute.
 */
#include <errno.h>
#include <pwd.h>
#include <string.h>
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

/* Root is in a file of every machine, and needs no directory. */
int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
    *found = 0;
    if (uid == 0) {
        memset(entry, 0, sizeof *entry);
        entry->pw_name = entry->pw_passwd = entry->pw_gecos = entry->pw_dir = entry->pw_shell = "";
        *found = entry;
        return 0;
    }
    (void)buffer;
    (void)size;
    sleep(60);
    return EIO;
}
