/*
 * decode: a commit message, read back into a ruling: the other end of
 * ruling.c, which is its contract (ruling_decode() in ruling.h).
 *
 * May not: take anything that ruling.c would not write.
 * A fault of the ledger: a message that is not one of ours.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "hash.h"
#include "text.h"

#include "limit.h"
#include "ruling.h"

static int
get_event(struct ruling *r, char *v)
{
	r->event = event_named(v);
	return r->event == EVENT_COUNT ? -1 : 0;
}

static int
get_decision(struct ruling *r, char *v)
{
	r->decision = event_named(v);
	return r->decision == EVENT_APPROVE || r->decision == EVENT_RETURN ||
	    r->decision == EVENT_REJECT || r->decision == EVENT_REVOKE ?
	    0 : -1;
}

static int
get_number(struct ruling *r, char *v)
{
	if (!number_valid(v))
		return -1;
	strcpy(r->number, v);
	return 0;
}

static int
set_text(char **to, const char *v)
{
	if (*to != NULL)
		return -1;
	*to = mem_str(v);
	return 0;
}

static int
get_form(struct ruling *r, char *v)
{
	return set_text(&r->form, v);
}

static int
get_client(struct ruling *r, char *v)
{
	return set_text(&r->client, v);
}

static int
get_label(struct ruling *r, char *v)
{
	return set_text(&r->label, v);
}

static int
get_catalog(struct ruling *r, char *v)
{
	return set_text(&r->catalog, v);
}

static int
get_file(struct ruling *r, char *v)
{
	return set_text(&r->file, v);
}

static int
get_intake(struct ruling *r, char *v)
{
	return set_text(&r->intake, v);
}

/* "pending -> approved" */
static int
get_states(char *v, enum state *from, enum state *to)
{
	char *arrow = strstr(v, " -> ");

	if (arrow == NULL)
		return -1;
	*arrow = '\0';
	*from = state_named(v);
	*to = state_named(arrow + 4);
	return *from == STATE_COUNT || *to == STATE_COUNT ? -1 : 0;
}

static int
get_state(struct ruling *r, char *v)
{
	return get_states(v, &r->from, &r->to);
}

static int
get_request(struct ruling *r, char *v)
{
	char *blank = strchr(v, ' ');

	if (blank == NULL)
		return -1;
	*blank = '\0';
	r->request = request_named(v);
	if (r->request == REQUEST_COUNT || r->request == REQUEST_NONE)
		return -1;
	return get_states(blank + 1, &r->request_from, &r->request_to);
}

static int
get_count(const char *v, unsigned *count)
{
	uint64_t n;

	if (!text_number(v, 999999, &n) || n == 0)
		return -1;
	*count = (unsigned)n;
	return 0;
}

static int
get_revision(struct ruling *r, char *v)
{
	return get_count(v, &r->revision);
}

static int
get_key_revision(struct ruling *r, char *v)
{
	return get_count(v, &r->key_revision);
}

static int
get_uid(const char *v, long *uid)
{
	uint64_t n;

	if (!text_number(v, 0xffffffff, &n))
		return -1;
	*uid = (long)n;
	return 0;
}

/* "uid 1004 (box acme)", "uid 1004 (inbox)"; "uid 1004" for the rules */
static int
get_submitter(struct ruling *r, char *v)
{
	char *paren = strchr(v, '('), *end = strrchr(v, ')');

	if (strncmp(v, "uid ", 4) == 0 && paren == NULL)
		return get_uid(v + 4, &r->uid);
	if (strncmp(v, "uid ", 4) != 0 || paren == NULL || end == NULL ||
	    end[1] != '\0' || paren == v + 4 || paren[-1] != ' ')
		return -1;
	paren[-1] = '\0';
	*end = '\0';
	if (get_uid(v + 4, &r->uid) != 0)
		return -1;
	if (strcmp(paren + 1, "inbox") == 0)
		return set_text(&r->box, "");
	if (strncmp(paren + 1, "box ", 4) != 0)
		return -1;
	return set_text(&r->box, paren + 5);
}

/* "alice (owner uid 1003)", "alice (signature SHA256:…)" */
static int
get_decider(struct ruling *r, char *v)
{
	char *paren = strrchr(v, '('), *end = strrchr(v, ')'), *uid;
	char *key = NULL;
	enum evidence evidence;
	long number = -1;

	if (paren == NULL || paren < v + 2 || paren[-1] != ' ' ||
	    end == NULL || end[1] != '\0' || end < paren)
		return -1;
	paren[-1] = '\0';
	*end = '\0';
	uid = strstr(paren + 1, " uid ");
	if (uid != NULL) {
		*uid = '\0';
		if (get_uid(uid + 5, &number) != 0)
			return -1;
	} else if ((key = strstr(paren + 1, " SHA256:")) != NULL)
		*key++ = '\0';
	evidence = evidence_named(paren + 1);
	if (evidence == EVIDENCE_COUNT ||
	    (key != NULL) != (evidence == EVIDENCE_SIGNATURE))
		return -1;
	ruling_decider(r, v, evidence, number, key);
	return 0;
}

static int
get_checked(struct ruling *r, char *v)
{
	int32_t day;

	if (day_parse(v, &day) != 0)
		return -1;
	strcpy(r->checked, v);
	return 0;
}

/* "7d" */
static int
get_notice(struct ruling *r, char *v)
{
	size_t n = strlen(v);
	uint64_t days;

	if (n < 2 || v[n - 1] != 'd')
		return -1;
	v[n - 1] = '\0';
	if (!text_number(v, LIMIT_NOTICE_DAYS, &days) || days == 0)
		return -1;
	r->notice = (unsigned)days;
	return 0;
}

static int
get_expiry(struct ruling *r, char *v)
{
	int32_t day;

	if (day_parse(v, &day) != 0)
		return -1;
	strcpy(r->expiry, v);
	return 0;
}

static int
get_sha256(struct ruling *r, char *v)
{
	if (!hash_is_sha256(v))
		return -1;
	strcpy(r->sha256, v);
	return 0;
}

static int
get_list(struct ruling *r, char *v)
{
	if (!hash_is_sha256(v))
		return -1;
	strcpy(r->list, v);
	return 0;
}

static int
get_key(struct ruling *r, char *v)
{
	if (!hash_is_sha256(v))
		return -1;
	strcpy(r->key, v);
	return 0;
}

static int
get_overlap(struct ruling *r, char *v)
{
	int64_t seconds;

	if (overlap_parse(v, &seconds) != 0)
		return -1;
	strcpy(r->overlap, v);
	return 0;
}

static int
get_path(struct ruling *r, char *v)
{
	ruling_subject(r, v);
	return 0;
}

/* "inbox" or "box acme" */
static int
get_answer(struct ruling *r, char *v)
{
	if (strcmp(v, "inbox") == 0)
		ruling_answer(r, "");
	else if (strncmp(v, "box ", 4) == 0 && strlen(v + 4) <= LIMIT_BOX &&
	    v[4] != '\0' && strchr(v, '/') == NULL)
		ruling_answer(r, v + 4);
	else
		return -1;
	return 0;
}

/* Where the sentence begins in "line 9, Quota: …" or "line 9: …", which is
 * what fault_line() makes of a fault that has a line; NULL: it is another. */
static char *
parse_place(char *text, uint64_t *line, char **field)
{
	char *end = strpbrk(text, ",:"), *rest, digits[NUM_TEXT];

	if (strncmp(text, "line ", 5) != 0 || end == NULL || end[1] != ' ')
		return NULL;
	rest = strstr(*end == ',' ? end + 2 : end, ": ");
	snprintf(digits, sizeof(digits), "%.*s", (int)(end - text - 5),
	    text + 5);
	if (rest == NULL || !text_number(digits, LONG_MAX, line))
		return NULL;
	*field = *end == ',' ? end + 2 : NULL;
	*rest = '\0';
	return rest + 2;
}

/* Of a fault without a line there is the sentence alone: its field cannot be
 * told from it. */
static void
add_fault(struct ruling *r, unsigned code, char *text)
{
	uint64_t line = 0;
	char *field = NULL, *sentence = parse_place(text, &line, &field);

	if (sentence == NULL)
		line = 0;
	faults_add(&r->faults, code, (long)line, field, sentence == NULL ?
	    text : sentence);
}

/* "2002 - line 9, Quota: …" */
static int
get_fault(struct ruling *r, char *v)
{
	char *dash = strstr(v, " - ");
	uint64_t code;

	if (dash == NULL)
		return -1;
	*dash = '\0';
	if (!text_number(v, 9999, &code))
		return -1;
	add_fault(r, (unsigned)code, dash + 3);
	return 0;
}

static const struct {
	const char *key;
	int (*get)(struct ruling *, char *value);
} trailers[] = {
	{ "Event", get_event },
	{ "Decision", get_decision },
	{ "Number", get_number },
	{ "Form", get_form },
	{ "Client", get_client },
	{ "Label", get_label },
	{ "State", get_state },
	{ "Request", get_request },
	{ "Revision", get_revision },
	{ "Submitted-by", get_submitter },
	{ "Decided-by", get_decider },
	{ "List-SHA256", get_list },
	{ "Checked", get_checked },
	{ "Notice", get_notice },
	{ "Expiry", get_expiry },
	{ "Catalog", get_catalog },
	{ "Form-SHA256", get_sha256 },
	{ "Key-SHA256", get_key },
	{ "Key-Revision", get_key_revision },
	{ "Overlap", get_overlap },
	{ "File", get_file },
	{ "Path", get_path },
	{ "Fault", get_fault },
	{ "Answer-to", get_answer },
	{ "Intake", get_intake },
};
#define TRAILERS (sizeof(trailers) / sizeof(trailers[0]))

static int
decode_trailer(struct ruling *r, char *line)
{
	char *colon = strstr(line, ": ");
	size_t i;

	if (colon == NULL)
		return -1;
	*colon = '\0';
	if (colon[2 + strspn(colon + 2, " ")] == '\0' ||
	    !text_plain(colon + 2, strlen(colon + 2)))
		return -1;
	for (i = 0; i < TRAILERS; i++)
		if (strcmp(line, trailers[i].key) == 0)
			return trailers[i].get(r, colon + 2);
	return -1;
}

/* The last paragraph, which holds the trailers. */
static char *
last_paragraph(char *text)
{
	char *at = text, *next;

	while ((next = strstr(at, "\n\n")) != NULL)
		at = next + 2;
	return at;
}

/* A rotation says how long the old key stays good where that counts: when it
 * is asked for, and when it is approved, which issues the new one. */
static bool
has_its_key(const struct ruling *r)
{
	bool rotation = r->request == REQUEST_ROTATION &&
	    (r->event == EVENT_ASK || r->event == EVENT_APPROVE);

	if (rotation != (r->overlap[0] != '\0') ||
	    (r->key[0] != '\0') != (r->key_revision > 0))
		return false;
	if (rotation && r->event == EVENT_APPROVE)
		return r->key[0] != '\0';
	return r->key[0] == '\0' || r->event == EVENT_APPROVE ||
	    r->event == EVENT_RETIRE;
}

/* Whether it has what its event cannot be without: subject lines, receipts
 * and cases rely on that. */
static bool
is_whole(const struct ruling *r)
{
	/* which decision is counted, and nothing else says that */
	if (!has_its_key(r) || (r->event == EVENT_ENDORSE) !=
	    (r->decision != EVENT_RECEIVE))
		return false;
	if (r->event == EVENT_REFUSE)
		return r->number[0] == '\0' && r->file != NULL;
	if (r->event >= EVENT_INIT)
		return r->number[0] == '\0';
	if (r->event == EVENT_NOTIFY &&
	    (r->notice == 0 || r->expiry[0] == '\0'))
		return false;
	return r->number[0] != '\0' && r->form != NULL &&
	    (r->event != EVENT_ASK || r->request != REQUEST_NONE) &&
	    (r->event != EVENT_RETIRE || r->key[0] != '\0');
}

static int
decode_trailers(struct ruling *r, char *at)
{
	char *end;

	r->event = EVENT_COUNT;
	for (; *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		if (end == NULL)
			return -1;
		*end = '\0';
		if (decode_trailer(r, at) != 0)
			return -1;
	}
	return r->event == EVENT_COUNT || !is_whole(r) ? -1 : 0;
}

/* A note is as note_clean() leaves it. */
static int
decode_note(struct ruling *r, const char *p, size_t n)
{
	char *clean;
	int status;

	r->note = mem_strn(p, n);
	clean = note_clean(r->note);
	status = clean != NULL && strcmp(clean, r->note) == 0 ? 0 : -1;
	free(clean);
	return status;
}

int
ruling_decode(struct ruling *r, const char *p, size_t n)
{
	char *text = mem_strn(p, n), *body, *last;
	int status = -1;

	ruling_init(r);
	if (strlen(text) == n && (body = strstr(text, "\n\n")) != NULL) {
		body += 2;
		last = last_paragraph(body);
		/* the blank line between is not the note's */
		if (last == body || decode_note(r, body,
		    (size_t)(last - body) - 1) == 0)
			status = decode_trailers(r, last);
	}
	free(text);
	return status;
}
