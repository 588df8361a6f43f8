/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of opcodes, Identify structures, log pages and features, as the specification has them;
 * only for people to read.
 */
#include "config.h"

#include "tests/host/conform.h"

const struct conf_name conf_admin_names[] = {
	{ 0x02, "Get Log Page" }, { 0x06, "Identify" }, { 0x08, "Abort" },
	{ 0x09, "Set Features" }, { 0x0a, "Get Features" },
	{ 0x0c, "Asynchronous Event Request" }, { 0x0d, "Namespace Management" },
	{ 0x15, "Namespace Attachment" }, { 0x18, "Keep Alive" },
	{ 0x21, "Discovery Information Management" }, { 0x7f, "Fabrics commands" }, { 0, NULL },
};

const struct conf_name conf_io_names[] = {
	{ 0x00, "Flush" }, { 0x01, "Write" }, { 0x02, "Read" }, { 0x04, "Write Uncorrectable" },
	{ 0x05, "Compare" }, { 0x08, "Write Zeroes" }, { 0x09, "Dataset Management" },
	{ 0x0c, "Verify" }, { 0x0d, "Reservation Register" }, { 0x0e, "Reservation Report" },
	{ 0x11, "Reservation Acquire" }, { 0x15, "Reservation Release" }, { 0x19, "Copy" },
	{ 0x7f, "Fabrics commands" }, { 0, NULL },
};

const struct conf_name conf_cns_names[] = {
	{ 0x00, "Identify Namespace" }, { 0x01, "Identify Controller" },
	{ 0x02, "Active Namespace ID list" }, { 0x03, "Namespace Identification Descriptors" },
	{ 0x05, "Identify Namespace of the NVM command set" },
	{ 0x06, "Identify Controller of the NVM command set" },
	{ 0x07, "Active Namespace ID list of the NVM command set" },
	{ 0x08, "Identify Namespace, independent of the command set" },
	{ 0x10, "Allocated Namespace ID list" }, { 0x11, "Identify Allocated Namespace" },
	{ 0x12, "Controllers of a namespace" }, { 0x13, "Controllers of the subsystem" },
	{ 0x18, "Domain list" }, { 0x19, "Endurance Group list" },
	{ 0x1c, "I/O Command Sets" }, { 0, NULL },
};

const struct conf_name conf_log_names[] = {
	{ 0x00, "Supported Log Pages" }, { 0x01, "Error Information" },
	{ 0x02, "SMART / Health Information" }, { 0x03, "Firmware Slot Information" },
	{ 0x04, "Changed Namespace List" }, { 0x05, "Commands Supported and Effects" },
	{ 0x0c, "Asymmetric Namespace Access" },
	{ 0x12, "Feature Identifiers Supported and Effects" },
	{ 0x13, "NVMe-MI Commands Supported and Effects" }, { 0x70, "Discovery" },
	{ 0x80, "Reservation Notification" }, { 0, NULL },
};

const struct conf_name conf_feature_names[] = {
	{ 0x01, "Arbitration" }, { 0x02, "Power Management" }, { 0x04, "Temperature Threshold" },
	{ 0x05, "Error Recovery" }, { 0x06, "Volatile Write Cache" }, { 0x07, "Number of Queues" },
	{ 0x08, "Interrupt Coalescing" }, { 0x0a, "Write Atomicity Normal" },
	{ 0x0b, "Asynchronous Event Configuration" }, { 0x0f, "Keep Alive Timer" },
	{ 0x16, "Host Behavior Support" }, { 0x80, "Software Progress Marker" },
	{ 0x81, "Host Identifier" }, { 0x82, "Reservation Notification Mask" },
	{ 0x83, "Reservation Persistence" }, { 0x84, "Namespace Write Protection" }, { 0, NULL },
};
