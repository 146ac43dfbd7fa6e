/**
 * The lists that signs.ts searches with: the common ground of the OWASP Core Rule Set (coreruleset.org, families 913 and 930 to
 * 944), which is what every payload of a family needs, not the payloads. A sign must say nothing in ordinary words.
 */
/** Each list is one text, its signs between dots; ~ is a space that belongs to the sign. */
const listOf = (text: string): readonly string[] => text.split(/\s+·\s+/).map((sign) => sign.replaceAll('~', ' '))

export interface Sign {
  readonly what: string
  readonly any: readonly string[]
}

export const SIGNS: readonly Sign[] = [
  {
    what: 'SQL',
    any: listOf(
      `union select · union all select · '~or~ · "~or~ · '~and~ · "~and~ · 'or' · '; · '-- · "-- ·
      '/* · '# · ;~drop~ · ;drop~ · sleep( · benchmark( · waitfor delay · pg_sleep · xp_cmdshell ·
      information_schema · load_file( · extractvalue( · '|| · ~or~1=1 · ~and~1=1 · order by 1 ·
      randomblob( · into outfile`,
    ),
  },
  {
    what: 'script',
    any: listOf(
      `<script · </script · javascript: · onerror= · onload= · <svg · <img · <iframe ·
      document.cookie · alert(`,
    ),
  },
  {
    what: 'path traversal',
    any: listOf(`../ · ..\\ · /etc/passwd · /etc/shadow · win.ini · boot.ini · /proc/self · web-inf`),
  },
  {
    what: 'command',
    any: listOf(
      `$( · /bin/ · cmd.exe · powershell · |cat~ · ;~cat~ · ;cat~ · |~id · |id · ;~id · ;id · &&~ · ()~{ ·
      ;wget~ · |wget~ · ;curl~ · |curl~ · ;~curl~ · |~curl~ · |~nslookup · ;nslookup · ;~ls · ;ls · |~ls`,
    ),
  },
  {
    what: 'template or lookup',
    any: listOf(
      `\${ · {{ · <% · #{ · <?php · <!entity · <!doctype · [$ne] · [$gt] · $where · __proto__ ·
      classloader · o:8:" · file:// · gopher:// · dict:// · php:// · 169.254.169.254 · *)( · )(|`,
    ),
  },
]

/** What scanners ask every server for; each is a part of a path. */
export const PROBES = listOf(
  `/. · .php · .asp · .jsp · .cgi · .bak · .old · .sql · .zip · .tar · .gz · .swp · .ini · .cfg ·
  .conf · .pem · .key · .env · .git · .svn · .ds_store · wp- · cgi-bin · phpmyadmin · actuator ·
  server-status · jenkins · solr/ · manager/html · id_rsa · etc/passwd · backup · swagger · console ·
  web-inf · owa/ · autodiscover · hnap1 · boaform · setup · debug · vendor/ · ..`,
)

/** Tools for finding holes, by what they call themselves. */
export const TOOLS = listOf(
  `sqlmap · nikto · nmap · masscan · zgrab · nuclei · dirbuster · gobuster · ffuf · feroxbuster ·
  wfuzz · wpscan · acunetix · nessus · openvas · burp · zap/ · hydra · metasploit · arachni · w3af ·
  jaeles · whatweb · commix · xsser · paros · netsparker · qualys · censys · dirb · skipfish`,
)

/** Methods that APIs hardly ever use and that probe a server (TRACE: RFC 9110 9.3.8). */
export const ODD_METHODS: ReadonlySet<string> = new Set(
  'TRACE TRACK CONNECT DEBUG PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH PURGE'.split(' '),
)
