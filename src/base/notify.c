/*
 * notify: what a service manager is told (sd_notify(3), without its library).
 *
 * May not: wait, or fail.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "notify.h"
#include "text.h"

/* Pulses before it is ready come so often, ms, and ask for so much more. */
#define STARTING_MS 5000
#define EXTENSION "60000000"

static struct {
	struct sockaddr_un to;
	socklen_t	 len;
	int		 fd;
	bool		 open, ready, stalled;
	int64_t		 watchdog;	/* half of it, ms; INT64_MAX: none */
	int64_t		 due;		/* ticks of the next pulse */
} n = { .fd = -1, .watchdog = INT64_MAX };

static void
take_address(const char *name)
{
	size_t len = strlen(name);

	if ((*name != '/' && *name != '@') || name[1] == '\0' ||
	    len >= sizeof(n.to.sun_path))
		return;
	n.to.sun_family = AF_UNIX;
	memcpy(n.to.sun_path, name, len + 1);
	/* an abstract address has a NUL there, and none at its end */
	if (*name == '@')
		n.to.sun_path[0] = '\0';
	n.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
	    (*name == '/'));
	n.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	n.open = n.fd >= 0;
}

/* Half of WATCHDOG_USEC, if it is for us. */
static void
take_watchdog(const char *usec, const char *pid)
{
	uint64_t value, who;

	if (usec == NULL || !text_number(usec, INT64_MAX / 2, &value) ||
	    value == 0)
		return;
	if (pid != NULL && (!text_number(pid, INT32_MAX, &who) ||
	    who != (uint64_t)getpid()))
		return;
	n.watchdog = value < 2000 ? 1 : (int64_t)(value / 2000);
}

void
notify_open(void)
{
	const char *address = getenv("NOTIFY_SOCKET");

	if (address != NULL)
		take_address(address);
	if (n.open)
		take_watchdog(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
	n.due = clock_ticks() + (n.watchdog < STARTING_MS ? n.watchdog :
	    STARTING_MS);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void
say(const char *message)
{
	if (n.open)
		sendto(n.fd, message, strlen(message), MSG_DONTWAIT |
		    MSG_NOSIGNAL, (const struct sockaddr *)&n.to, n.len);
}

/* A message, and a status on one line. */
static void
say_status(const char *message, const char *status)
{
	struct buf text = BUF_INIT;

	buf_putf(&text, "%sSTATUS=", message);
	text_line(&text, status, strlen(status), 300);
	say(buf_str(&text));
	buf_free(&text);
}

void
notify_ready(const char *status)
{
	say_status("READY=1\n", status);
	n.ready = true;
	n.stalled = false;
	n.due = 0;
	notify_pulse();
}

void
notify_status(const char *status)
{
	say_status("", status);
}

void
notify_stalled(const char *status)
{
	n.stalled = true;
	say_status("", status);
}

void
notify_reloading(void)
{
	char text[80];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    clock_micros());
	say(text);
}

void
notify_stopping(void)
{
	say("STOPPING=1\nSTATUS=ending");
}

void
notify_pulse(void)
{
	bool only_fed = n.ready || n.stalled;
	int64_t now;

	if (!n.open || (only_fed && n.watchdog == INT64_MAX))
		return;
	now = clock_ticks();
	if (now < n.due)
		return;
	say(only_fed ? "WATCHDOG=1" : n.watchdog == INT64_MAX ?
	    "EXTEND_TIMEOUT_USEC=" EXTENSION :
	    "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=" EXTENSION);
	n.due = now + (n.watchdog < STARTING_MS || only_fed ? n.watchdog :
	    STARTING_MS);
}

int64_t
notify_interval(void)
{
	return n.watchdog;
}
