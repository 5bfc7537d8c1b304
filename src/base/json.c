/*
 * json: JSON, written.
 */
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "json.h"
#include "text.h"

static void
put_string(struct buf *out, const char *p)
{
	size_t n = strlen(p), k;
	uint32_t code;

	buf_putc(out, '"');
	for (; n > 0; p += k, n -= k) {
		if ((k = utf8_next(p, n, &code)) == 0) {
			k = 1;
			buf_puts(out, "\\ufffd");
		} else if (code == '"' || code == '\\')
			buf_putf(out, "\\%c", (char)code);
		else if (code == '\n')
			buf_puts(out, "\\n");
		else if (code < 0x10000 && text_unsafe(code))
			buf_putf(out, "\\u%04x", code);
		else
			buf_put(out, p, k);
	}
	buf_putc(out, '"');
}

static void
lead(struct json *j, const char *key)
{
	if (!j->first)
		buf_putc(j->out, ',');
	j->first = false;
	if (key != NULL) {
		put_string(j->out, key);
		buf_putc(j->out, ':');
	}
}

void
json_begin(struct json *j, struct buf *out)
{
	*j = (struct json){ out, true };
}

void
json_object(struct json *j, const char *key)
{
	lead(j, key);
	buf_putc(j->out, '{');
	j->first = true;
}

void
json_object_end(struct json *j)
{
	buf_putc(j->out, '}');
	j->first = false;
}

void
json_array(struct json *j, const char *key)
{
	lead(j, key);
	buf_putc(j->out, '[');
	j->first = true;
}

void
json_array_end(struct json *j)
{
	buf_putc(j->out, ']');
	j->first = false;
}

void
json_str(struct json *j, const char *key, const char *value)
{
	lead(j, key);
	if (value == NULL)
		buf_puts(j->out, "null");
	else
		put_string(j->out, value);
}

void
json_num(struct json *j, const char *key, int64_t value)
{
	lead(j, key);
	buf_putf(j->out, "%lld", (long long)value);
}

void
json_bool(struct json *j, const char *key, bool value)
{
	lead(j, key);
	buf_puts(j->out, value ? "true" : "false");
}

void
json_time(struct json *j, const char *key, int64_t instant)
{
	char text[TIME_TEXT];

	json_str(j, key, instant == 0 ? NULL : time_text(text, instant));
}

void
json_end(struct json *j)
{
	buf_putc(j->out, '\n');
	j->first = true;
}
