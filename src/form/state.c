/*
 * state: the life of a case, as a table.
 *
 * May not: allocate, read a clock, know who is who.
 */
#include <string.h>

#include "state.h"

#define NO_NOTE false
#define A_NOTE	 true

static const struct transition table[] = {
	{ STATE_NONE, REQUEST_NONE, EVENT_RECEIVE,
	  STATE_PENDING, STATE_NONE, WHO_ANYONE, NO_NOTE,
	  "a form arrives and opens a case" },

	{ STATE_PENDING, REQUEST_NONE, EVENT_APPROVE,
	  STATE_APPROVED, STATE_NONE, WHO_REVIEWER, NO_NOTE,
	  "approved" },
	{ STATE_PENDING, REQUEST_NONE, EVENT_RETURN,
	  STATE_RETURNED, STATE_NONE, WHO_REVIEWER, A_NOTE,
	  "sent back for correction" },
	{ STATE_PENDING, REQUEST_NONE, EVENT_REJECT,
	  STATE_REJECTED, STATE_NONE, WHO_REVIEWER, NO_NOTE,
	  "refused for good" },
	{ STATE_PENDING, REQUEST_NONE, EVENT_WITHDRAW,
	  STATE_REJECTED, STATE_NONE, WHO_APPLICANT, NO_NOTE,
	  "withdrawn" },
	{ STATE_PENDING, REQUEST_NONE, EVENT_REVISE,
	  STATE_PENDING, STATE_NONE, WHO_APPLICANT, NO_NOTE,
	  "a new revision replaces the form; approvals are cleared" },
	{ STATE_PENDING, REQUEST_NONE, EVENT_LAPSE,
	  STATE_RETURNED, STATE_NONE, WHO_CLOCK, NO_NOTE,
	  "nobody decided within review.lapse" },

	{ STATE_PENDING, REQUEST_NONE, EVENT_ENDORSE,
	  STATE_PENDING, STATE_NONE, WHO_REVIEWER, NO_NOTE,
	  "counted; others must decide the same" },

	{ STATE_RETURNED, REQUEST_NONE, EVENT_RESUBMIT,
	  STATE_PENDING, STATE_NONE, WHO_APPLICANT, NO_NOTE,
	  "a new revision comes back for review" },
	{ STATE_RETURNED, REQUEST_NONE, EVENT_WITHDRAW,
	  STATE_REJECTED, STATE_NONE, WHO_APPLICANT, NO_NOTE,
	  "withdrawn" },

	{ STATE_APPROVED, REQUEST_NONE, EVENT_ASK,
	  STATE_APPROVED, STATE_PENDING, WHO_APPLICANT, NO_NOTE,
	  "changed terms, revocation or a new key asked for" },

	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_APPROVE,
	  STATE_APPROVED, STATE_NONE, WHO_REVIEWER, NO_NOTE,
	  "the new revision takes the place of the old one" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_REVISE,
	  STATE_APPROVED, STATE_PENDING, WHO_APPLICANT, NO_NOTE,
	  "a new revision replaces the one that waits" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_RETURN,
	  STATE_APPROVED, STATE_RETURNED, WHO_REVIEWER, A_NOTE,
	  "the change is sent back for correction" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_REJECT,
	  STATE_APPROVED, STATE_REJECTED, WHO_REVIEWER, NO_NOTE,
	  "the change is refused; the terms stay" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_WITHDRAW,
	  STATE_APPROVED, STATE_REJECTED, WHO_APPLICANT, NO_NOTE,
	  "the change is withdrawn; the terms stay" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_LAPSE,
	  STATE_APPROVED, STATE_RETURNED, WHO_CLOCK, NO_NOTE,
	  "nobody decided on the change within review.lapse" },

	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_APPROVE,
	  STATE_REVOKED, STATE_REVOKED, WHO_REVIEWER, NO_NOTE,
	  "revoked as asked" },
	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_RETURN,
	  STATE_APPROVED, STATE_RETURNED, WHO_REVIEWER, A_NOTE,
	  "the request is sent back for correction" },
	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_REJECT,
	  STATE_APPROVED, STATE_REJECTED, WHO_REVIEWER, NO_NOTE,
	  "the revocation is refused" },
	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_WITHDRAW,
	  STATE_APPROVED, STATE_REJECTED, WHO_APPLICANT, NO_NOTE,
	  "the request is withdrawn" },
	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_LAPSE,
	  STATE_APPROVED, STATE_RETURNED, WHO_CLOCK, NO_NOTE,
	  "nobody decided on the request within review.lapse" },

	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_APPROVE,
	  STATE_APPROVED, STATE_APPROVED, WHO_REVIEWER, NO_NOTE,
	  "a new key is issued; the old one ends when the overlap is over" },
	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_RETURN,
	  STATE_APPROVED, STATE_RETURNED, WHO_REVIEWER, A_NOTE,
	  "the request is sent back for correction" },
	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_REJECT,
	  STATE_APPROVED, STATE_REJECTED, WHO_REVIEWER, NO_NOTE,
	  "the rotation is refused; the key stays" },
	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_WITHDRAW,
	  STATE_APPROVED, STATE_REJECTED, WHO_APPLICANT, NO_NOTE,
	  "the request is withdrawn; the key stays" },
	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_LAPSE,
	  STATE_APPROVED, STATE_RETURNED, WHO_CLOCK, NO_NOTE,
	  "nobody decided on the request within review.lapse" },

	{ STATE_APPROVED, REQUEST_NONE, EVENT_ENDORSE,
	  STATE_APPROVED, STATE_NONE, WHO_REVIEWER, NO_NOTE,
	  "a revocation is counted; others must decide the same" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_ENDORSE,
	  STATE_APPROVED, STATE_PENDING, WHO_REVIEWER, NO_NOTE,
	  "counted; others must decide the same" },
	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_ENDORSE,
	  STATE_APPROVED, STATE_PENDING, WHO_REVIEWER, NO_NOTE,
	  "counted; others must decide the same" },
	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_ENDORSE,
	  STATE_APPROVED, STATE_PENDING, WHO_REVIEWER, NO_NOTE,
	  "counted; others must decide the same" },

	{ STATE_APPROVED, REQUEST_NONE, EVENT_REVOKE,
	  STATE_REVOKED, STATE_NONE, WHO_REVIEWER, A_NOTE,
	  "revoked at once" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_REVOKE,
	  STATE_REVOKED, STATE_REJECTED, WHO_REVIEWER, A_NOTE,
	  "revoked at once; the open change is refused with it" },
	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_REVOKE,
	  STATE_REVOKED, STATE_REJECTED, WHO_REVIEWER, A_NOTE,
	  "revoked at once; the open request is refused with it" },
	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_REVOKE,
	  STATE_REVOKED, STATE_REJECTED, WHO_REVIEWER, A_NOTE,
	  "revoked at once; the open request is refused with it" },

	{ STATE_APPROVED, REQUEST_NONE, EVENT_EFFECT,
	  STATE_APPROVED, STATE_NONE, WHO_CLOCK, NO_NOTE,
	  "the effective day has come: in force" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_EFFECT,
	  STATE_APPROVED, STATE_PENDING, WHO_CLOCK, NO_NOTE,
	  "the effective day has come: in force" },
	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_EFFECT,
	  STATE_APPROVED, STATE_PENDING, WHO_CLOCK, NO_NOTE,
	  "the effective day has come: in force" },
	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_EFFECT,
	  STATE_APPROVED, STATE_PENDING, WHO_CLOCK, NO_NOTE,
	  "the effective day has come: in force" },

	{ STATE_APPROVED, REQUEST_NONE, EVENT_EXPIRE,
	  STATE_REVOKED, STATE_NONE, WHO_CLOCK, NO_NOTE,
	  "the expiry day has ended" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_EXPIRE,
	  STATE_REVOKED, STATE_REJECTED, WHO_CLOCK, NO_NOTE,
	  "the expiry day has ended; the open change is refused with it" },
	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_EXPIRE,
	  STATE_REVOKED, STATE_REJECTED, WHO_CLOCK, NO_NOTE,
	  "the expiry day has ended; the open request is refused with it" },
	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_EXPIRE,
	  STATE_REVOKED, STATE_REJECTED, WHO_CLOCK, NO_NOTE,
	  "the expiry day has ended; the open request is refused with it" },

	{ STATE_APPROVED, REQUEST_NONE, EVENT_RETIRE,
	  STATE_APPROVED, STATE_NONE, WHO_CLOCK, NO_NOTE,
	  "a key that was rotated ends: its overlap is over" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_RETIRE,
	  STATE_APPROVED, STATE_PENDING, WHO_CLOCK, NO_NOTE,
	  "a key that was rotated ends: its overlap is over" },
	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_RETIRE,
	  STATE_APPROVED, STATE_PENDING, WHO_CLOCK, NO_NOTE,
	  "a key that was rotated ends: its overlap is over" },
	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_RETIRE,
	  STATE_APPROVED, STATE_PENDING, WHO_CLOCK, NO_NOTE,
	  "a key that was rotated ends: its overlap is over" },

	{ STATE_APPROVED, REQUEST_NONE, EVENT_NOTIFY,
	  STATE_APPROVED, STATE_NONE, WHO_CLOCK, NO_NOTE,
	  "the expiry day comes near: the applicant is told" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_NOTIFY,
	  STATE_APPROVED, STATE_PENDING, WHO_CLOCK, NO_NOTE,
	  "the expiry day comes near: the applicant is told" },
	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_NOTIFY,
	  STATE_APPROVED, STATE_PENDING, WHO_CLOCK, NO_NOTE,
	  "the expiry day comes near: the applicant is told" },
	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_NOTIFY,
	  STATE_APPROVED, STATE_PENDING, WHO_CLOCK, NO_NOTE,
	  "the expiry day comes near: the applicant is told" },

	{ STATE_APPROVED, REQUEST_NONE, EVENT_SUPERSEDE,
	  STATE_REVOKED, STATE_NONE, WHO_DESK, NO_NOTE,
	  "a newer list was approved, and is in force instead" },
	{ STATE_APPROVED, REQUEST_CHANGE, EVENT_SUPERSEDE,
	  STATE_REVOKED, STATE_REJECTED, WHO_DESK, NO_NOTE,
	  "a newer list was approved; the open change is refused with this" },
	{ STATE_APPROVED, REQUEST_REVOCATION, EVENT_SUPERSEDE,
	  STATE_REVOKED, STATE_REJECTED, WHO_DESK, NO_NOTE,
	  "a newer list was approved; the open request is refused with this" },
	{ STATE_APPROVED, REQUEST_ROTATION, EVENT_SUPERSEDE,
	  STATE_REVOKED, STATE_REJECTED, WHO_DESK, NO_NOTE,
	  "a newer list was approved; the open request is refused with this" },
};
#define ROWS (sizeof(table) / sizeof(table[0]))

static const char *const state_names[STATE_COUNT] = {
	[STATE_NONE] = "-",
	[STATE_PENDING] = "pending",
	[STATE_APPROVED] = "approved",
	[STATE_RETURNED] = "returned",
	[STATE_REJECTED] = "rejected",
	[STATE_REVOKED] = "revoked",
};

static const char *const request_names[REQUEST_COUNT] = {
	[REQUEST_NONE] = "-",
	[REQUEST_CHANGE] = "change",
	[REQUEST_REVOCATION] = "revocation",
	[REQUEST_ROTATION] = "rotation",
};

static const struct {
	const char *name, *past;
} event_names[EVENT_COUNT] = {
	[EVENT_RECEIVE] = { "receive", "received" },
	[EVENT_APPROVE] = { "approve", "approved" },
	[EVENT_RETURN] = { "return", "returned" },
	[EVENT_REJECT] = { "reject", "rejected" },
	[EVENT_WITHDRAW] = { "withdraw", "withdrawn" },
	[EVENT_RESUBMIT] = { "resubmit", "resubmitted" },
	[EVENT_REVISE] = { "revise", "revised" },
	[EVENT_LAPSE] = { "lapse", "lapsed" },
	[EVENT_ASK] = { "ask", "asked" },
	[EVENT_REVOKE] = { "revoke", "revoked" },
	[EVENT_ENDORSE] = { "endorse", "endorsed" },
	[EVENT_EFFECT] = { "effect", "effective" },
	[EVENT_EXPIRE] = { "expire", "expired" },
	[EVENT_RETIRE] = { "retire", "retired" },
	[EVENT_NOTIFY] = { "notify", "expiring" },
	[EVENT_SUPERSEDE] = { "supersede", "superseded" },
	[EVENT_INIT] = { "init", "opened" },
	[EVENT_RULES] = { "rules", "changed" },
	[EVENT_REFUSE] = { "refuse", "refused" },
	[EVENT_RESTORE] = { "restore", "restored" },
};

static const char *const who_names[] = {
	[WHO_ANYONE] = "anyone who may write to inbox",
	[WHO_REVIEWER] = "a reviewer",
	[WHO_APPLICANT] = "the applicant",
	[WHO_CLOCK] = "the clock",
	[WHO_DESK] = "the desk itself",
};

const struct transition *
state_row(size_t i)
{
	return i < ROWS ? &table[i] : NULL;
}

const struct transition *
state_next(enum state from, enum request request, enum event event)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (table[i].from == from && table[i].request == request &&
		    table[i].event == event)
			return &table[i];
	return NULL;
}

const char *
state_name(enum state state)
{
	return state_names[state];
}

enum state
state_named(const char *name)
{
	unsigned i;

	for (i = 0; i < STATE_COUNT; i++)
		if (strcmp(name, state_names[i]) == 0)
			break;
	return (enum state)i;
}

const char *
event_name(enum event event)
{
	return event_names[event].name;
}

const char *
event_past(enum event event)
{
	return event_names[event].past;
}

enum event
event_named(const char *name)
{
	unsigned i;

	for (i = 0; i < EVENT_COUNT; i++)
		if (strcmp(name, event_names[i].name) == 0)
			break;
	return (enum event)i;
}

const char *
request_name(enum request request)
{
	return request_names[request];
}

enum request
request_named(const char *name)
{
	unsigned i;

	for (i = 0; i < REQUEST_COUNT; i++)
		if (strcmp(name, request_names[i]) == 0)
			break;
	return (enum request)i;
}

const char *
who_name(enum who who)
{
	return who_names[who];
}

enum state
state_brought(enum event decision)
{
	return decision == EVENT_APPROVE ? STATE_APPROVED :
	    decision == EVENT_RETURN ? STATE_RETURNED :
	    decision == EVENT_REJECT ? STATE_REJECTED : STATE_REVOKED;
}

enum event
state_decision(enum state from, enum state to, enum request request)
{
	static const struct {
		enum state from, to;
		enum event event;
	} decision[] = {
		{ STATE_PENDING, STATE_APPROVED, EVENT_APPROVE },
		{ STATE_PENDING, STATE_RETURNED, EVENT_RETURN },
		{ STATE_PENDING, STATE_REJECTED, EVENT_REJECT },
		{ STATE_APPROVED, STATE_REVOKED, EVENT_REVOKE },
	};
	size_t i;

	/* a request for revocation is granted by either tray */
	if (request == REQUEST_REVOCATION && from == STATE_PENDING &&
	    to == STATE_REVOKED)
		return EVENT_APPROVE;
	for (i = 0; i < sizeof(decision) / sizeof(decision[0]); i++)
		if (decision[i].from == from && decision[i].to == to)
			return decision[i].event;
	return EVENT_COUNT;
}

bool
state_ended(enum state state)
{
	return state == STATE_REJECTED || state == STATE_REVOKED;
}
