# broker: the privileged family.
EXTRA_DIST += %D%/configuration.h
noinst_LIBRARIES += %D%/libprobe.a
%C%_libprobe_a_SOURCES = %D%/probe.c %D%/probe.h
if PLATFORM_LINUX
%C%_libprobe_a_SOURCES += %D%/probe_linux.c
else
%C%_libprobe_a_SOURCES += %D%/probe_posix.c
endif
EXTRA_DIST += %D%/probe_linux.c %D%/probe_posix.c
