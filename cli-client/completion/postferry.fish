# Completion of postferry for fish. The program itself knows what fits: postferry __complete WORD...
function __postferry_complete
    set -l words (commandline -opc)
    command $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null
end

complete -c postferry -f -a '(__postferry_complete)'
complete -c postferry -l password-file -r -F
