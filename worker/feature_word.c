/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Features that are a number and no more: hosts may set them, and read back what they set. They are
 * advice to a device that we are not (arbitration, coalescing, temperature), or what they bound is
 * kept anyway: we never retry a failed transfer, so any time limit on that (TLER) holds.
 */
#include "config.h"

#include "worker/worker.h"

#define AB_NO_LIMIT 0x7u
#define PS(cdw11) ((cdw11) & 0x1f)
#define TMPSEL_BYTE 46
#define TMPSEL(cdw11) ((cdw11) >> 16 & 0xf)
#define TMPSEL_ALL 0xfu
#define THSEL(cdw11) ((cdw11) >> 20 & 0x3)

static const uint32_t word_default[WORDS_MAX] = {
	[WORD_ARBITRATION] = AB_NO_LIMIT, [WORD_OVER] = WARNING_TEMPERATURE,
};

static uint64_t
word(const struct slot *s, enum feature_words i, bool now)
{
	return (now ? s->qp->ctrl->features.word[i] : word_default[i]);
}

static void
set_word(struct slot *s, enum feature_words i, uint32_t value)
{
	s->qp->ctrl->features.word[i] = value;
	slot_done(s, 0);
}

/* ---- 01h Arbitration: commands are taken as they come, which is within any burst ---- */

static uint64_t
arbitration_get(struct slot *s, bool now)
{
	return (word(s, WORD_ARBITRATION, now));
}

static void
arbitration_set(struct slot *s)
{
	set_word(s, WORD_ARBITRATION, s->cmd.cdw11);
}

const struct feature feature_arbitration = {
	.fid = NVME_FID_ARBITRATION, .can = FEATURE_CHANGEABLE, .bits = 0xffffff07,
	.get = arbitration_get, .set = arbitration_set,
};

/* ---- 02h Power Management: there is power state 0; any workload hint ---- */

static uint64_t
power_get(struct slot *s, bool now)
{
	return (word(s, WORD_POWER, now));
}

static uint16_t
power_check(struct slot *s)
{
	return (PS(s->cmd.cdw11) != 0 ? slot_bad_field(s, 44, 0) : 0);
}

static void
power_set(struct slot *s)
{
	set_word(s, WORD_POWER, s->cmd.cdw11);
}

const struct feature feature_power = {
	.fid = NVME_FID_POWER_MANAGEMENT, .can = FEATURE_CHANGEABLE, .bits = 0x000000ff,
	.get = power_get, .check_set = power_check, .set = power_set,
};

/* ---- 04h Temperature Threshold: of the composite temperature; no sensor is implemented ---- */

static enum feature_words
threshold(const struct slot *s)
{
	return (THSEL(s->cmd.cdw11) == 0 ? WORD_OVER : WORD_UNDER);
}

static uint16_t
temperature_check_get(struct slot *s)
{
	if (TMPSEL(s->cmd.cdw11) != 0)
		return (slot_bad_field(s, TMPSEL_BYTE, 0));
	return (THSEL(s->cmd.cdw11) > 1 ? slot_bad_field(s, TMPSEL_BYTE, 4) : 0);
}

static uint64_t
temperature_get(struct slot *s, bool now)
{
	return (word(s, threshold(s), now));
}

static uint16_t
temperature_check_set(struct slot *s)
{
	if (TMPSEL(s->cmd.cdw11) == TMPSEL_ALL && THSEL(s->cmd.cdw11) <= 1)
		return (0);
	return (temperature_check_get(s));
}

static void
temperature_set(struct slot *s)
{
	set_word(s, threshold(s), s->cmd.cdw11 & 0xffff);
}

const struct feature feature_temperature = {
	.fid = NVME_FID_TEMPERATURE_THRESHOLD, .can = FEATURE_CHANGEABLE, .bits = 0x003fffff,
	.check_get = temperature_check_get, .get = temperature_get,
	.check_set = temperature_check_set, .set = temperature_set,
};

/* ---- 05h Error Recovery: TLER of each namespace; DULBE is not offered (NSFEAT.DAE is 0) ---- */

static uint64_t
recovery_get(struct slot *s, bool now)
{
	const struct ns *ns = ns_find(s->qp->lane->ns, s->cmd.nsid);

	return (now && ns != NULL ? s->qp->ctrl->features.tler[ns->file] : 0);
}

static void
recovery_set(struct slot *s)
{
	struct ns_table *table = s->qp->lane->ns;
	uint16_t *tler = s->qp->ctrl->features.tler;

	for (const struct ns *ns = ns_after(table, 0); ns != NULL;
	    ns = ns_after(table, ns->id.nsid))
		if (s->cmd.nsid == NVME_NSID_ALL || s->cmd.nsid == ns->id.nsid)
			tler[ns->file] = (uint16_t)s->cmd.cdw11;
	slot_done(s, 0);
}

const struct feature feature_error_recovery = {
	.fid = NVME_FID_ERROR_RECOVERY, .can = FEATURE_CHANGEABLE | FEATURE_NS, .needs_access = true,
	.bits = 0x0000ffff, .get = recovery_get, .set = recovery_set,
};

/* ---- 08h Interrupt Coalescing: nothing interrupts a host here ---- */

static uint64_t
coalescing_get(struct slot *s, bool now)
{
	return (word(s, WORD_COALESCING, now));
}

static void
coalescing_set(struct slot *s)
{
	set_word(s, WORD_COALESCING, s->cmd.cdw11);
}

const struct feature feature_coalescing = {
	.fid = NVME_FID_INTERRUPT_COALESCING, .can = FEATURE_CHANGEABLE, .bits = 0x0000ffff,
	.get = coalescing_get, .set = coalescing_set,
};

/* ---- 0Ah Write Atomicity Normal: AWUN and AWUPF are the same here ---- */

static uint64_t
atomicity_get(struct slot *s, bool now)
{
	return (word(s, WORD_ATOMICITY, now));
}

static void
atomicity_set(struct slot *s)
{
	set_word(s, WORD_ATOMICITY, s->cmd.cdw11);
}

const struct feature feature_atomicity = {
	.fid = NVME_FID_WRITE_ATOMICITY, .can = FEATURE_CHANGEABLE, .bits = 0x00000001,
	.get = atomicity_get, .set = atomicity_set,
};

/* ---- all of them ---- */

void
feature_reset(struct controller *c)
{
	struct feature_values *v = &c->features;
	uint32_t kato_ms = v->kato_ms;

	*v = (struct feature_values){ .kato_ms = kato_ms };
	for (unsigned i = 0; i < WORDS_MAX; i++)
		v->word[i] = word_default[i];
	cache_reset(c);
}
