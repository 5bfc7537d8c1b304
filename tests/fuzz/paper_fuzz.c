/*
 * paper_fuzz: a file name that is taken for a paper's is the one spelling of
 * it, fit to be shown, and leads to one place in the ledger; one that is
 * shortened fits and is fit to be a name.
 */
#include "fuzz.h"

#include "form.h"
#include "fs.h"

static bool
is_signature(const struct paper *p)
{
	return p->kind == PAPER_SIGNED || p->kind == PAPER_SIGNATURE;
}

/* What it is about is a paper, of which it can be made again. */
static void
check_signature(const struct paper *p)
{
	struct paper about = paper_signed(p), again;
	char name[PAPER_NAME];

	must(about.kind != p->kind && paper_is_filed(&about) &&
	    about.revision == p->revision);
	must(paper_parse(paper_name(name, &about), &again) == 0);
	if (p->kind == PAPER_SIGNED)
		return;
	must(paper_who_valid(p->who));
	again = paper_signature(&about, p->decision, p->who);
	must(memcmp(&again, p, sizeof(again)) == 0);
}

static void
check_paper(const char *name, const struct paper *p)
{
	char again[PAPER_NAME], stem[PAPER_NAME], path[LEDGER_PATH];
	char prefix[PREFIX_TEXT], number[NUMBER_TEXT];
	uint64_t seq;

	must(strcmp(paper_name(again, p), name) == 0);
	must(is_plain(name) && strchr(name, '/') == NULL);
	paper_stem(stem, p);
	must(strncmp(stem, name, strlen(stem)) == 0);
	must(is_signature(p) || strlen(stem) + 4 == strlen(name));
	must(number_valid(p->number));
	number_split(p->number, prefix, &seq);
	must(strcmp(number_make(number, prefix, seq), p->number) == 0);
	must(!paper_is_filed(p) || p->revision > 0);
	if (is_signature(p))
		check_signature(p);
	else
		must(!paper_is_filed(p) || p->who[0] == '\0');
	ledger_path(path, STATE_PENDING, p->number, name);
	must(strncmp(path, "pending/", 8) == 0 &&
	    strcmp(strrchr(path, '/') + 1, name) == 0);
}

static void
check_short(const char *name, size_t limit)
{
	char is[NAME_SIZE], again[NAME_SIZE];

	fs_short_name(is, name, limit);
	must(strlen(is) <= limit && is_plain(is));
	fs_short_name(again, is, limit);
	must(strcmp(is, again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *name = as_string(p, n);
	struct paper paper;

	if (paper_parse(name, &paper) == 0)
		check_paper(name, &paper);
	(void)number_valid(name);
	if (*name != '\0' && strlen(name) < NAME_SIZE)
		check_short(name, 100 + strlen(name) % 100);
	free(name);
	return 0;
}
