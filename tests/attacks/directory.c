/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded, it makes accounts known under any spelling of their names, as Active Directory does. To
 * find one by another spelling takes a descriptor more, as asking a server does.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

typedef int look_up(const char *, struct passwd *, char *, size_t, struct passwd **);

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
               struct passwd **found)
{
    look_up *real = (look_up *)dlsym(RTLD_NEXT, "getpwnam_r");
    char lower[256];
    size_t at = 0;

    for (; name[at] && name[at] != '@' && at < sizeof lower - 1; at++)
        lower[at] = (char)tolower((unsigned char)name[at]);
    lower[at] = 0;
    *found = NULL;
    int server = strcmp(lower, name) == 0 ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (!real || (server < 0 && strcmp(lower, name) != 0))
        return real ? errno : ENOENT;
    int result = real(lower, entry, buffer, size, found);
    if (server >= 0)
        close(server);
    return result;
}
