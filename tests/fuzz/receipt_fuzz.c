/*
 * receipt_fuzz: an applicant's receipt, held against what its commit says.
 * It names a commit or none; and is right only if it says what docket would
 * write, however the lines of faults are told.
 */
#include "fuzz.h"

#include "auditing.h"
#include "receipt.h"

static const char message[] =
    "desk refused: key.xml\n\nEvent: refuse\nState: - -> -\n"
    "File: key.xml\nSubmitted-by: uid 1004\nChecked: 2026-11-22\n"
    "Fault: 2002 - line 7, Quota: \"0\" is not <allowed> & odd.\n"
    "Fault: 2010 - Nothing.\n"
    "Form-SHA256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e88626"
    "6e7ae\nIntake: 018b2c3d4e5f-0\n";

/* 0: it is what its commit says. */
static int
compare(const struct ruling *r, const struct buf *receipt)
{
	struct audit_asked asked = { .receipt = receipt };
	struct auditing a = { .asked = &asked, .wrong = SIZE_MAX };
	int status;

	a.settings.desk_id[0] = 'x';
	a.settings.desk_name = mem_str("A desk");
	status = receipted(&a, r);
	must(status == 0 || is_plain(buf_str(&a.why)));
	free(a.settings.desk_name);
	buf_free(&a.why);
	return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct receipt_desk desk = { "x", "A desk" };
	struct buf receipt = BUF_INIT, own = BUF_INIT;
	char commit[COMMIT_HEX];
	struct ruling r;

	must(ruling_decode(&r, message, strlen(message)) == 0);
	receipt_xml(&r, &desk, &own);
	must(compare(&r, &own) == 0);
	buf_put(&receipt, p, n);
	(void)buf_str(&receipt);
	if (receipt_names(&receipt, commit) == 0)
		must(strlen(commit) == COMMIT_HEX - 1);
	/* a receipt that is taken has as many lines, but within faults */
	if (compare(&r, &receipt) == 0)
		must(receipt.len > own.len / 2);
	ruling_free(&r);
	buf_free(&receipt);
	buf_free(&own);
	return 0;
}
