/*
 * log: events as lines on standard error.
 *
 * May not: keep state but the least level and the last cause; fail for want of
 * a listener.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "log.h"
#include "text.h"

static enum log_level least = LOG_INFO;

static const char *const level_name[] = { "debug", NULL, "warn", "error" };

void
log_least(enum log_level level)
{
	least = level;
}

static void
put_value(struct buf *line, const char *value)
{
	bool quote = *value == '\0' || strpbrk(value, " =\"") != NULL;

	if (quote)
		buf_putc(line, '"');
	text_escape(line, value, strlen(value), quote ? "\"" : "");
	if (quote)
		buf_putc(line, '"');
}

static void
put_line(const struct buf *line)
{
	size_t done = 0;
	ssize_t n;

	while (done < line->len) {
		n = write(STDERR_FILENO, line->data + done, line->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		done += (size_t)n;
	}
}

void
log_event(enum log_level level, const char *subject, ...)
{
	struct buf line = BUF_INIT;
	const char *key, *value;
	char when[TIME_TEXT];
	va_list ap;

	if (level < least)
		return;
	buf_putf(&line, "%s ", time_text(when, clock_now()));
	text_escape(&line, subject, strlen(subject), " ");
	if (level_name[level] != NULL)
		buf_putf(&line, " level=%s", level_name[level]);
	va_start(ap, subject);
	while ((key = va_arg(ap, const char *)) != NULL) {
		if ((value = va_arg(ap, const char *)) == NULL)
			continue;
		buf_putf(&line, " %s=", key);
		put_value(&line, value);
	}
	va_end(ap);
	buf_putc(&line, '\n');
	put_line(&line);
	buf_free(&line);
}

void
log_errno(const char *subject, const char *what, const char *name)
{
	int saved = errno;

	log_event(LOG_ERROR, subject, "failed", what, "name", name,
	    "error", strerror(saved), NULL);
	errno = saved;
}

static char cause[512];

void
log_cause(const char *subject, const char *what, const char *name)
{
	int saved = errno;
	struct buf text = BUF_INIT;

	/* what came first has brought the rest with it */
	if (cause[0] == '\0') {
		buf_putf(&text, "%s: %s ", subject, what);
		text_line(&text, name, strlen(name), 200);
		buf_putf(&text, ": %s", strerror(saved));
		snprintf(cause, sizeof(cause), "%s", buf_str(&text));
		buf_free(&text);
	}
	errno = saved;
}

const char *
log_caused(void)
{
	return cause[0] == '\0' ? NULL : cause;
}

void
log_cause_clear(void)
{
	cause[0] = '\0';
}

void
fatal(const char *why)
{
	fprintf(stderr, "docket: %s\n", why);
	_exit(4);
}

void
bug_at(const char *file, int line, const char *why)
{
	fprintf(stderr, "docket: bug at %s:%d: %s\n", file, line, why);
	abort();
}
