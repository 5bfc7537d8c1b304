/*
 * fault: what is wrong with a form, a request or a decision.
 *
 * May not: know how a fault was found.
 * Our bug: a code that is not in the table.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

#include "fault.h"

/* A line that was read back out of a commit is one sentence, the fault's line
 * and field before it: it must not be cut, so that it stays as it is. */
#define LIMIT_LINE (LIMIT_SENTENCE + 256)
#define ELLIPSIS "\xe2\x80\xa6"
#include "limit.h"

static const struct fault_kind kinds[] = {
	{ FAULT_NO_CLIENT, "no-such-client",
	  "The client is not in the list of clients",
	  "Look for its id in clients.txt, or ask for it to be listed." },
	{ FAULT_NO_API, "no-such-api",
	  "The API is not in the list of APIs",
	  "Look for its id in apis.txt, or ask for it to be listed." },
	{ FAULT_CHANGED, "changed-meanwhile",
	  "This was changed by somebody else meanwhile",
	  "Look at the case as it is now, and decide or apply again." },
	{ FAULT_NOT_NOW, "not-now",
	  "This is not something that can be done now",
	  NULL },
	{ FAULT_NOT_PERMITTED, "not-permitted",
	  "This is not permitted",
	  NULL },
	{ FAULT_PAST, "date-in-the-past",
	  "The effective date is in the past",
	  "Give today's date or a later one." },
	{ FAULT_NO_PARAMETER, "not-a-parameter",
	  "There is no such field",
	  "Remove it, or correct its name." },
	{ FAULT_NOTHING_FOUND, "no-information-found",
	  "No information found",
	  NULL },
	{ FAULT_NOT_WELL_FORMED, "not-well-formed",
	  "This is not well-formed XML",
	  "Every <tag> needs its </tag>, and & and < in text are written "
	  "&amp; and &lt;." },
	{ FAULT_INVALID, "invalid",
	  "This does not follow the form's schema",
	  NULL },
	{ FAULT_DOCTYPE, "doctype",
	  "A form may not carry a document type declaration",
	  "Remove the line that begins with <!DOCTYPE." },
	{ FAULT_TOO_LARGE, "too-large",
	  "The form is too large",
	  "Send a smaller one." },
	{ FAULT_TOO_DEEP, "too-deep",
	  "Elements are nested too deeply",
	  "No form needs so many levels: rebuild it from a blank." },
	{ FAULT_UNKNOWN_FORM, "unknown-form",
	  "This desk has no such form",
	  "Start from one of the blanks in forms/, and keep the xmlns of its "
	  "first tag." },
	{ FAULT_ENCODING, "encoding",
	  "The character encoding is not one that this desk reads",
	  "Save the file as UTF-8." },
	{ FAULT_DUPLICATE, "duplicate",
	  "The same form was received before, and its case is still open",
	  "Nothing needs to be done." },
	{ FAULT_NOT_A_FILE, "not-a-file",
	  "This is not a regular file",
	  "Send the form itself: not a link, a folder or a device." },
	{ FAULT_RULE, "rule",
	  "A rule of the form is not met",
	  NULL },
	{ FAULT_REQUEST_OPEN, "request-open",
	  "The case has an open request already",
	  "Wait for its answer, or withdraw it first: use forms/withdrawal.xml." },
	{ FAULT_SIGNATURE, "bad-signature",
	  "The signature does not count",
	  "Sign the paper as it lies in the tray, for the decision that is "
	  "meant, with ssh-keygen -Y sign -n approve@docket -f KEY PAPER." },
	{ FAULT_NO_CASE, "no-such-case",
	  "There is no such case",
	  "Look the number up in status.txt or in a receipt." },
	{ FAULT_ATTRIBUTES, "attributes",
	  "A tag has too many attributes",
	  "No form needs so many: rebuild it from a blank." },
	{ FAULT_VALUE, "value-too-long",
	  "A value is too long",
	  "Shorten it." },
	{ FAULT_FILE_NAME, "file-name",
	  "The file's name is not one that this desk takes",
	  "Give it a plain name, such as key.xml: UTF-8, without control "
	  "characters." },
	{ FAULT_UNREADABLE, "unreadable",
	  "This desk may not read the file",
	  "Let others read it (chmod a+r) and send it again." },
	{ FAULT_GZIP, "gzip",
	  "The compressed file is damaged",
	  "Compress it again with gzip, or send it as it is." },
	{ FAULT_BOMB, "inflates-too-much",
	  "The compressed file grows too much when it is unpacked",
	  "Send the form as it is, not compressed." },
	{ FAULT_COSTLY, "too-costly",
	  "The form takes more time or memory to check than a form may",
	  "No form needs so much: rebuild it from a blank." },
	{ FAULT_STAMP, "stamp",
	  "The desk's stamp in the form is not as the desk made it",
	  "Start from the stamped form that came with the receipt and leave "
	  "its line <?docket …?> untouched; for a new application remove that "
	  "line." },
	{ FAULT_EMPTY, "empty",
	  "The file is empty",
	  "Perhaps the transfer was cut off: send it again." },
	{ FAULT_NO_NOTE, "no-note",
	  "This decision needs a note that says why",
	  NULL },
	{ FAULT_ALTERED, "altered",
	  "The text is not the one that was filed",
	  "Decide on the paper as it is; an applicant changes it by a new "
	  "revision." },
	{ FAULT_LINKED, "linked",
	  "The file has more than one name (hard links)",
	  "Send a copy of it." },
	{ FAULT_TWICE, "listed-twice",
	  "An id stands in the list twice",
	  "Keep one of the two entries, or give one of them another id." },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const struct fault_kind *
fault_kind_at(size_t i)
{
	return i < KINDS ? &kinds[i] : NULL;
}

const struct fault_kind *
fault_kind(unsigned code)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		if ((unsigned)kinds[i].code == code)
			return &kinds[i];
	return NULL;
}

struct fault *
faults_add(struct faults *all, unsigned code, long line, const char *field,
    const char *text)
{
	struct fault *f;

	if (all->n == LIMIT_FAULTS) {
		all->more++;
		return NULL;
	}
	all->list = mem_grow(all->list, all->n + 1, sizeof(*all->list));
	f = &all->list[all->n++];
	*f = (struct fault){
		.code = code,
		.line = line,
		.field = mem_str(field),
		.text = mem_str(text),
	};
	return f;
}

struct fault *
faults_addf(struct faults *all, unsigned code, long line, const char *field,
    const char *fmt, ...)
{
	struct buf text = BUF_INIT;
	struct fault *f;
	va_list ap;

	va_start(ap, fmt);
	buf_vputf(&text, fmt, ap);
	va_end(ap);
	f = faults_add(all, code, line, field, buf_str(&text));
	buf_free(&text);
	return f;
}

void
faults_copy(struct faults *to, const struct faults *from)
{
	const struct fault *f;
	struct fault *copy;

	for (f = from->list; f < from->list + from->n; f++) {
		copy = faults_add(to, f->code, f->line, f->field, f->text);
		if (copy == NULL)
			continue;
		copy->remedy = mem_str(f->remedy);
		copy->raw = mem_str(f->raw);
	}
	to->more += from->more;
}

void
faults_free(struct faults *all)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		free(all->list[i].field);
		free(all->list[i].text);
		free(all->list[i].remedy);
		free(all->list[i].raw);
	}
	free(all->list);
	*all = (struct faults)FAULTS_INIT;
}

bool
faults_has(const struct faults *all, unsigned code)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->list[i].code == code)
			return true;
	return false;
}

const char *
fault_text(const struct fault *f)
{
	const struct fault_kind *kind = fault_kind(f->code);

	if (f->text != NULL)
		return f->text;
	return kind == NULL ? "Unknown fault" : kind->sentence;
}

const char *
fault_remedy(const struct fault *f)
{
	const struct fault_kind *kind = fault_kind(f->code);

	if (f->remedy != NULL)
		return f->remedy;
	return kind == NULL ? NULL : kind->remedy;
}

void
fault_line(const struct fault *f, struct buf *out)
{
	const char *text = fault_text(f);
	size_t n = strlen(text);

	buf_putf(out, "%u - ", f->code);
	if (f->line > 0)
		buf_putf(out, "line %ld%s", f->line,
		    f->field != NULL ? ", " : ": ");
	if (f->field != NULL) {
		text_line(out, f->field, strlen(f->field), 200);
		buf_puts(out, ": ");
	}
	text_line(out, text, n, LIMIT_LINE);
	if (n == 0 || (strchr(".!?", text[n - 1]) == NULL &&
	    (n < 3 || strcmp(text + n - 3, ELLIPSIS) != 0)))
		buf_putc(out, '.');
}

void
fault_block(const struct fault *f, struct buf *out)
{
	const char *remedy = fault_remedy(f);

	fault_line(f, out);
	buf_putc(out, '\n');
	if (remedy != NULL) {
		buf_puts(out, "    ");
		text_line(out, remedy, strlen(remedy), LIMIT_SENTENCE);
		buf_putc(out, '\n');
	}
	if (f->raw != NULL) {
		buf_puts(out, "    (");
		text_line(out, f->raw, strlen(f->raw), LIMIT_SENTENCE);
		buf_puts(out, ")\n");
	}
}

void
faults_block(const struct faults *all, struct buf *out)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		fault_block(&all->list[i], out);
	if (all->more > 0)
		buf_putf(out, "... and %zu more.\n", all->more);
}
