# Completion of postferry for bash. The program itself knows what fits: postferry __complete WORD...
_postferry ()
{
  local line=${COMP_LINE:0:COMP_POINT} word candidate prefix
  local -a words

  # Split at blanks alone: bash takes =, : and @ for ends of words.
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  word=${words[-1]}
  # What bash believes to stand before the word being completed.
  prefix=${word%"${COMP_WORDS[COMP_CWORD]##[=:@]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    COMPREPLY+=("${candidate#"$prefix"}")
  done < <(command "${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  # KEY= and --option= go on.
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
  return 0
}
complete -F _postferry postferry
