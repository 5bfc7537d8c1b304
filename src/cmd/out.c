/*
 * out: what a person sees.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "text.h"

#include "out.h"

static const char *const codes[] = {
	[STYLE_PLAIN] = "",
	[STYLE_HEAD] = "\033[1m",
	[STYLE_GOOD] = "\033[32m",
	[STYLE_BAD] = "\033[31m",
	[STYLE_WAIT] = "\033[33m",
	[STYLE_DIM] = "\033[2m",
};

static bool
has_colours(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no == NULL || *no == '\0') && isatty(STDOUT_FILENO) &&
	    term != NULL && strcmp(term, "dumb") != 0;
}

static void
put_styled(enum style style, const char *text, int width)
{
	bool colour = style != STYLE_PLAIN && has_colours();
	int pad = width - (int)text_width(text);

	printf("%s%s%s%*s", colour ? codes[style] : "", text,
	    colour ? "\033[0m" : "", pad > 0 ? pad : 0, "");
}

void
out_text(enum style style, const char *text)
{
	struct buf safe = BUF_INIT;

	text_line(&safe, text, strlen(text), 100000);
	put_styled(style, buf_str(&safe), 0);
	buf_free(&safe);
}

enum style
out_state_style(enum state state)
{
	static const enum style styles[STATE_COUNT] = {
		[STATE_PENDING] = STYLE_WAIT,
		[STATE_APPROVED] = STYLE_GOOD,
		[STATE_RETURNED] = STYLE_WAIT,
		[STATE_REJECTED] = STYLE_BAD,
		[STATE_REVOKED] = STYLE_DIM,
	};

	return styles[state];
}

unsigned
out_width(void)
{
	struct winsize w;

	if (!isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0)
		return 0;
	return w.ws_col;
}

struct cell {
	enum style	 style;
	char		*text;
};

struct table {
	size_t		 columns, n, cap;
	struct cell	*cells;		/* the heads first */
};

struct table *
table_new(const char *const heads[], size_t columns)
{
	struct table *t = mem_alloc(sizeof(*t));
	size_t i;

	t->columns = columns;
	for (i = 0; i < columns; i++)
		table_cell(t, STYLE_HEAD, heads[i]);
	return t;
}

void
table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(t);
}

void
table_cell(struct table *t, enum style style, const char *text)
{
	struct buf line = BUF_INIT;

	if (t->n == t->cap) {
		t->cap = t->cap == 0 ? 64 : t->cap * 2;
		t->cells = mem_grow(t->cells, t->cap, sizeof(*t->cells));
	}
	if (text != NULL)
		text_line(&line, text, strlen(text), 1000);
	t->cells[t->n++] = (struct cell){ style, buf_take(&line) };
}

/* Shortens a text to so many columns. */
static void
shorten(char *text, size_t width)
{
	size_t n = strlen(text);

	if (text_width(text) <= width || width < 2)
		return;
	while (n > 0 && text_width(text) > width - 1) {
		do
			n--;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80);
		text[n] = '\0';
	}
	strcat(text, "~");	/* at least one character went */
}

void
table_print(const struct table *t)
{
	size_t *width = mem_alloc(t->columns * sizeof(*width)), i, w, used;
	unsigned terminal = out_width();
	bool last;

	for (i = 0; i < t->n; i++) {
		w = text_width(t->cells[i].text);
		if (w > width[i % t->columns])
			width[i % t->columns] = w;
	}
	for (used = 0, i = 0; i + 1 < t->columns; i++)
		used += width[i] + 2;
	for (i = 0; i < t->n; i++) {
		last = (i + 1) % t->columns == 0;
		if (last && terminal > used + 10)
			shorten(t->cells[i].text, terminal - used);
		put_styled(t->cells[i].style, t->cells[i].text,
		    last ? 0 : (int)width[i % t->columns] + 2);
		if (last)
			putchar('\n');
	}
	free(width);
}

void
csv_cell(struct buf *out, const char *text, bool last)
{
	const char *p;

	if (text != NULL && strpbrk(text, ",\"\r\n") != NULL) {
		buf_putc(out, '"');
		for (p = text; *p != '\0'; p++) {
			if (*p == '"')
				buf_putc(out, '"');
			buf_putc(out, *p);
		}
		buf_putc(out, '"');
	} else if (text != NULL)
		buf_puts(out, text);
	buf_puts(out, last ? "\r\n" : ",");
}

void
out_flush(struct buf *out)
{
	fwrite(buf_str(out), 1, out->len, stdout);
	buf_clear(out);
}

static bool progress_shown;

void
out_progress(const char *what, uint64_t done, uint64_t all)
{
	static int64_t last;
	int64_t now = clock_ticks();
	unsigned percent, i;

	if (!isatty(STDERR_FILENO) || (now - last < 100 && done != all))
		return;
	last = now;
	progress_shown = true;
	if (all == 0) {
		fprintf(stderr, "\r%s %llu\033[K", what,
		    (unsigned long long)done);
		return;
	}
	percent = (unsigned)(done * 100 / all);
	fprintf(stderr, "\r%s [", what);
	for (i = 0; i < 40; i++)
		fputc(i * 100 < percent * 40 ? '#' : ' ', stderr);
	fprintf(stderr, "] %3u%%  %llu of %llu\033[K", percent,
	    (unsigned long long)done, (unsigned long long)all);
}

void
out_progress_end(void)
{
	if (progress_shown)
		fprintf(stderr, "\r\033[K");
	progress_shown = false;
}
