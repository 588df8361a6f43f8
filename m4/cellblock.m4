# CB_FLAGS(VARIABLE, FLAG...): append each FLAG that compiler and linker accept.
AC_DEFUN([CB_FLAGS], [m4_foreach_w([flag], [$2], [
  AS_VAR_PUSHDEF([cv], [cb_cv_flag_[]flag])
  AC_CACHE_CHECK([whether $CC accepts flag], [cv], [
    save_CFLAGS=$CFLAGS; CFLAGS="$CFLAGS -Werror flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([cv], [yes])], [AS_VAR_SET([cv], [no])])
    CFLAGS=$save_CFLAGS])
  AS_VAR_IF([cv], [yes], [$1="$$1 flag"])
  AS_VAR_POPDEF([cv])])])

# CB_DIR(NAME, WHAT, DEFAULT): --with-NAME=DIR|no, substituted, conditional WITH_NAME.
AC_DEFUN([CB_DIR], [
  AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=DIR], [$2 @<:@$3@:>@])], [], [with_$1='$3'])
  AS_VAR_IF([with_$1], [yes], [with_$1='$3'])
  AC_SUBST([$1], [$with_$1])
  AM_CONDITIONAL([WITH_]m4_toupper([$1]), [test "x$with_$1" != xno])])

# CB_PKG(PREFIX, MODULE, DEBIAN-PACKAGE): a library that must be there, or its package is named.
AC_DEFUN([CB_PKG], [
  PKG_CHECK_MODULES([$1], [$2], [],
    [AC_MSG_ERROR([$2 is missing: apt-get install $3])])])

# CB_STATIC(VARIABLE, MODULE): how to link the module's archives, and whether that works.
AC_DEFUN([CB_STATIC], [
  $1="-Wl,-Bstatic `$PKG_CONFIG --static --libs $2` -Wl,-Bdynamic"
  AC_MSG_CHECKING([for archives of $2])
  save_LIBS=$LIBS; LIBS="$$1 $LIBS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no]); AC_MSG_ERROR([$2 has no archives: leave out --enable-static-children])])
  LIBS=$save_LIBS])
