/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded, it leaves the kernel no memory to connect to the bus, as a caller's cgroup may.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int connect(int descriptor, const struct sockaddr *address, socklen_t length)
{
    int (*real)(int, const struct sockaddr *, socklen_t) =
        (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
    if (address->sa_family == AF_UNIX &&
        strstr(((const struct sockaddr_un *)address)->sun_path, "/dbus/")) {
        errno = ENOMEM;
        return -1;
    }
    return real(descriptor, address, length);
}
