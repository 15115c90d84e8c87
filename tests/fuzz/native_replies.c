/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A fuzz target for libFuzzer: the terminal in C against a daemon that sends anything.
 *
 * The terminal's end of a socket pair finds a whole bus there: greeting, our unique name, an owner
 * that runs as root. What the daemon then replies is the input: an octet for the kind of message,
 * two for its length, then its body, again and again; kind 0 is octets as they are. PAM is played by
 * the functions below. Whatever comes, the login ends at once, and only the word lets somebody in.
 */
#include "../../pam_smsotp/native/terminal.h"

#include <security/pam_ext.h>
#include <security/pam_modutil.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONGEST_INPUT 4096

struct stream {
    unsigned char bytes[LONGEST_INPUT * 8];
    size_t length;
    uint32_t serial;
};

static int converse(int n, const struct pam_message **messages, struct pam_response **replies,
                    void *data)
{
    (void)messages, (void)data;
    *replies = calloc((size_t)n, sizeof **replies);
    (*replies)->resp = strdup("2580");
    return PAM_SUCCESS;
}

static const struct pam_conv conversation = {converse, NULL};

int pam_get_item(const pam_handle_t *pamh, int type, const void **item)
{
    (void)pamh;
    *item = type == PAM_CONV ? (const void *)&conversation : "fuzz";
    return PAM_SUCCESS;
}

int pam_get_user(pam_handle_t *pamh, const char **user, const char *prompt)
{
    (void)pamh, (void)prompt;
    *user = "alice";
    return PAM_SUCCESS;
}

struct passwd *pam_modutil_getpwnam(pam_handle_t *pamh, const char *user)
{
    (void)pamh, (void)user;
    return NULL;
}

void pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
    (void)pamh, (void)priority, (void)format;
}

static void put(struct stream *s, const void *bytes, size_t count)
{
    if (count > sizeof s->bytes - s->length)
        abort();
    memcpy(s->bytes + s->length, bytes, count);
    s->length += count;
}

static void put_number(struct stream *s, uint32_t number)
{
    put(s, &number, sizeof number);
}

static void align(struct stream *s, size_t from)
{
    while ((s->length - from) % 8)
        put(s, "", 1);
}

static void put_field(struct stream *s, size_t from, unsigned char code, const char *type,
                      const char *text)
{
    align(s, from);
    put(s, &code, 1);
    put(s, "\1", 1);
    put(s, type, 2);
    unsigned char length = (unsigned char)strlen(text);
    if (*type == 'g')
        put(s, &length, 1);
    else
        put_number(s, length);
    put(s, text, length + 1U);
}

/* Append the reply to the next call; "D-Bus Specification", Message Protocol. */
static void put_reply(struct stream *s, unsigned char kind, const char *sender,
                      const char *signature, const void *body, size_t length)
{
    unsigned char fixed[] = {'l', kind, 0, 1};
    size_t from = s->length;
    put(s, fixed, sizeof fixed);
    put_number(s, (uint32_t)length);
    put_number(s, ++s->serial);
    put_number(s, 0);
    size_t fields = s->length;
    put(s, "\5\1u\0", 4);
    put_number(s, s->serial);
    put_field(s, from, 6, "s", ":1.1");
    put_field(s, from, 7, "s", sender);
    if (kind == 3)
        put_field(s, from, 4, "s", "org.smsotp1.Error.Busy");
    if (*signature)
        put_field(s, from, 8, "g", signature);
    uint32_t count = (uint32_t)(s->length - fields);
    memcpy(s->bytes + fields - sizeof count, &count, sizeof count);
    align(s, from);
    put(s, body, length);
}

static void put_daemon(struct stream *s, const unsigned char *data, size_t size)
{
    static const char *const signatures[] = {"sa(ss)", "a(ss)", "s", "a(ss)", "", "u"};
    while (size > 3 && s->length < sizeof s->bytes / 2) {
        unsigned char kind = data[0];
        size_t length = (size_t)data[1] | (size_t)data[2] << 8;
        data += 3, size -= 3;
        if (length > size)
            length = size;
        if (kind == 0)
            put(s, data, length);
        else
            put_reply(s, kind == 255 ? 3 : 2, kind == 254 ? ":1.6" : ":1.5", signatures[kind % 6],
                      data, length);
        data += length, size -= length;
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct stream s = {.length = 0};
    char handle; /* which nobody looks into */
    struct terminal t = {.pamh = (pam_handle_t *)&handle, .arguments = {.timeout = 1}};
    int ends[2], code = PAM_AUTH_ERR;
    if (size > LONGEST_INPUT || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    put(&s, "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n", 43);
    put_reply(&s, 2, "org.freedesktop.DBus", "s", "\4\0\0\0:1.1", 9);
    put_reply(&s, 2, "org.freedesktop.DBus", "s", "\4\0\0\0:1.5", 9);
    put_reply(&s, 2, "org.freedesktop.DBus", "u", "\0\0\0", 4);
    put_daemon(&s, data, size);
    if (write(ends[1], s.bytes, s.length) != (ssize_t)s.length)
        abort();
    shutdown(ends[1], SHUT_WR);
    renew_deadline(&t);
    if (!find_user(&t) || !join_bus(&t, ends[0]) || !find_daemon(&t))
        abort(); /* the bus above is a sound one */
    bool is_in = login(&t, "auto", "stacked", &code) && code == PAM_SUCCESS;
    if (is_in && getenv("FUZZ_TELL"))
        puts("granted");
    if (is_in && !memmem(data, size, "PAM_SUCCESS", 11))
        abort();
    sd_bus_close_unref(t.bus);
    close(ends[1]);
    return 0;
}
