/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * One private connection to the system bus: connect, call, wait.
 *
 * The host must not notice it: sd-bus writes without SIGPIPE and its descriptor is close-on-exec;
 * no wait outlasts the deadline or a Ctrl-C. Nothing here or in the sd-bus functions that are used
 * lets the environment say which bus, or how long (ADR 0013).
 */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SOCKET "/run/dbus/system_bus_socket"
#define DRIVER "org.freedesktop.DBus"
#define SECOND UINT64_C(1000000)
/* Longest time between two looks at pending signals, in µs. */
#define SLICE (SECOND / 4)
/* Between two looks at a bus whose queue is full, in µs. */
#define A_MOMENT (SECOND / 50)

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec / 1000;
}

/* Let the next call wait for the whole timeout; without this, calls share one. */
void renew_deadline(struct terminal *t)
{
    t->deadline = now() + (uint64_t)t->arguments.timeout * SECOND;
}

/* sudo blocks these while PAM works. They stay pending: the host meets them next. */
static bool stop_signal_is_pending(void)
{
    sigset_t set;
    return sigpending(&set) == 0 &&
           (sigismember(&set, SIGHUP) == 1 || sigismember(&set, SIGINT) == 1 ||
            sigismember(&set, SIGQUIT) == 1 || sigismember(&set, SIGTERM) == 1);
}

/* Say how long to wait until the next look at signals and deadline. */
static bool may_wait(struct terminal *t, uint64_t *microseconds)
{
    if (stop_signal_is_pending()) /* the code of a Ctrl-C at a prompt */
        return denied(t, PAM_CONV_ERR, "interrupted while waiting");
    uint64_t at = now();
    if (at >= t->deadline)
        return denied(t, UNREACHABLE, "no answer within %d s", t->arguments.timeout);
    *microseconds = t->deadline - at < SLICE ? t->deadline - at : SLICE;
    return true;
}

/* Say whether most of the time went by without us waiting for anybody: the host was stopped,
 * starved of processor time, or kept busy by strangers' messages. Whoever calls a set-user-ID program
 * can do that to it, and shall not thereby make the bus or the daemon look unreachable. */
bool was_held_up(const struct terminal *t)
{
    uint64_t half = (uint64_t)t->arguments.timeout * SECOND / 2;
    return now() - t->started > 2 * t->waited + (half < SECOND ? half : SECOND);
}

/* Make a socket that is none of the three which the host, started without them, may write to. */
static int new_socket(void)
{
    int low = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (low < 0 || low > STDERR_FILENO)
        return low;
    int descriptor = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    close(low);
    errno = error;
    return descriptor;
}

bool connect_to_bus(struct terminal *t)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
    const struct timespec a_moment = {.tv_nsec = A_MOMENT * 1000};
    t->started = now();
    renew_deadline(t);
    int descriptor = new_socket();
    if (descriptor < 0)
        return failed(t, errno, "no socket");
    while (connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
        uint64_t unused;
        bool is_full = errno == EAGAIN || errno == EINTR; /* many log in at once */
        if (!is_full)
            failed(t, errno, "no system bus");
        if (!is_full || !may_wait(t, &unused)) {
            close(descriptor);
            return false;
        }
        nanosleep(&a_moment, NULL);
        t->waited += A_MOMENT;
    }
    return join_bus(t, descriptor);
}

/* Begin to authenticate, as whom the kernel says that we are, and to join. Takes the descriptor. */
bool join_bus(struct terminal *t, int descriptor)
{
    /* The timeout is set so that sd-bus does not ask the environment for one. */
    const uint64_t timeout = (uint64_t)t->arguments.timeout * SECOND;
    int result = sd_bus_new(&t->bus);
    if (result < 0 || (result = sd_bus_set_bus_client(t->bus, true)) < 0 ||
        (result = sd_bus_negotiate_fds(t->bus, false)) < 0 ||
        (result = sd_bus_set_method_call_timeout(t->bus, timeout)) < 0 ||
        (result = sd_bus_set_fd(t->bus, descriptor, descriptor)) < 0)
        close(descriptor);
    else
        result = sd_bus_start(t->bus);
    return result >= 0 || failed(t, result, "cannot join the bus");
}

/* sd-bus itself takes a reply from anybody who knows its number. */
static bool is_reply(sd_bus_message *message, uint64_t cookie, const char *asked)
{
    uint64_t replied;
    const char *sender = sd_bus_message_get_sender(message);
    return sd_bus_message_get_reply_cookie(message, &replied) >= 0 && replied == cookie && sender &&
           (!strcmp(sender, asked) || !strcmp(sender, DRIVER));
}

static bool judge(struct terminal *t, sd_bus_message *call, const char *returns,
                  sd_bus_message *reply)
{
    if (sd_bus_message_is_method_error(reply, NULL) > 0) {
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        return failed_by_name(t, error && error->name ? error->name : "");
    }
    return sd_bus_message_has_signature(reply, returns) > 0 ||
           denied(t, PAM_AUTH_ERR, "bad reply to %s: its signature is not the contract's",
                  sd_bus_message_get_member(call));
}

/* Send a call, which may be NULL for want of memory, and wait for its reply. Takes the call. */
bool exchange(struct terminal *t, sd_bus_message *call, const char *returns, sd_bus_message **reply)
{
    if (!call)
        return failed(t, ENOMEM, "cannot ask");
    uint64_t cookie = 0, wait;
    int result = sd_bus_send(t->bus, call, &cookie);
    bool is_fine = result >= 0 || failed(t, result, "the bus takes nothing");
    *reply = NULL;
    while (is_fine && !*reply && (is_fine = may_wait(t, &wait))) {
        sd_bus_message *message = NULL;
        result = sd_bus_process(t->bus, &message);
        if (result == 0 && (result = sd_bus_wait(t->bus, wait)) == 0)
            t->waited += wait;
        if (result < 0 && result != -EINTR)
            is_fine = failed(t, result, "the bus is gone");
        /* Anything else is a stranger's signal, or NameAcquired. */
        if (message && is_reply(message, cookie, sd_bus_message_get_destination(call))) {
            is_fine = judge(t, call, returns, message);
            *reply = is_fine ? sd_bus_message_ref(message) : NULL;
        }
        sd_bus_message_unref(message);
    }
    sd_bus_message_unref(call);
    return is_fine;
}
