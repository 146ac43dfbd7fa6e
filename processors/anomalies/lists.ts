/**
 * The lists that signs.ts searches with: the common ground of the OWASP Core Rule Set (coreruleset.org, families 913 and 930 to
 * 944), which is what every payload of a family needs, not the payloads. A sign must say nothing in ordinary words.
 */
/** Each list is one text, its signs between dots; ~ is a space that belongs to the sign. */
const listOf = (text: string): readonly string[] => text.split(/\s+·\s+/).map((sign) => sign.replaceAll('~', ' '))

export interface Sign {
  readonly what: string
  readonly any: readonly string[]
  /** One of these must be there, too: people search for `"rock" or "pop"`. */
  readonly beside?: readonly string[]
}

export const SIGNS: readonly Sign[] = [
  {
    what: 'SQL',
    any: listOf(`';~ · '~or~ · "~or~ · '~and~ · "~and~ · ')~or · ')~and`),
    beside: ['=', '(', '--', '#', ' like '],
  },
  {
    what: 'SQL',
    any: listOf(
      `union select · union all select · 'or' · '-- · "-- ·
      '/* · '# · ;~drop~ · ;drop~ · sleep( · benchmark( · waitfor delay · pg_sleep · xp_cmdshell ·
      information_schema · load_file( · extractvalue( · '|| · ~or~1=1 · ~and~1=1 · order by 1 ·
      randomblob( · into outfile · '=' · 1=1 · )~or~( · (select( · =(select~ · select @@ · ;~exec~ · ;exec~ ·
      @@version · version() · group_concat( · concat(0x · dbms_pipe · utl_http · order by 99`,
    ),
  },
  {
    what: 'script',
    any: listOf(
      `<script · </script · javascript: · vbscript: · onerror= · onload= · onclick= · onfocus= · onmouseover= ·
      ontoggle= · <svg · <img · <iframe · <body~ · <details~ · <object~ · <embed~ · srcdoc= · document.cookie ·
      data:text/html · alert( · confirm( · fromcharcode`,
    ),
  },
  {
    what: 'path traversal',
    any: listOf(
      `../ · ..\\ · ..;/ · ..;~ · %c0%ae · %c1%9c · /etc/passwd · /etc/shadow · win.ini · boot.ini ·
      /proc/self · web-inf`,
    ),
  },
  {
    what: 'command',
    any: listOf(
      `$( · /bin/ · cmd.exe · powershell · |cat~ · ;~cat~ · ;cat~ · |~id~ · |id~ · ;~id~ · ;id~ · &&~id~ · &&~cat~ · &&~ls~ · &&~curl~ · &&~whoami · ()~{ ·
      ;wget~ · |wget~ · ;curl~ · |curl~ · ;~curl~ · |~curl~ · |~nslookup · ;nslookup · ;~ls~ · ;ls~ · |~ls~ ·
      \`id\` · \`whoami · \`cat~ · \`ls~ · \`curl~ · \`ping~ · |~ping · |ping~ · ;~ping~ · ;ping~ · ;sleep~`,
    ),
  },
  {
    what: 'template or lookup',
    any: listOf(
      `\${ · {{ · {% · <% · #{ · <?php · <!entity · <!doctype · <html · :{i: · :{s: · ":0:{ · *)( · )(| · )(& · (objectclass= ·
      classloader`,
    ),
  },
  {
    what: 'an operator of a database',
    any: listOf(`[$ · "$ne · "$gt · "$where · "$regex · $where · ;return true`),
  },
  {
    what: 'a prototype',
    any: listOf(`__proto__ · constructor[prototype · constructor.prototype`),
  },
  {
    what: 'an address that only the server can reach',
    any: listOf(
      `file:// · gopher:// · dict:// · php:// · //169.254. · //localhost · //127. · //[:: · //0x7f · //0.0.0.0 ·
      metadata.google · 169.254.169.254`,
    ),
  },
  {
    what: 'a question for the schema',
    any: listOf(`__schema · __type( · introspectionquery`),
  },
]

/** In headers, whose ordinary values hold brackets, semicolons and quotes: what even so says nothing but an attack. */
export const HEADER_SIGNS = listOf(
  `()~{ · \${ · {{ · <script · <svg · <img~ · onerror= · '~or~ · '~and~ · ' or ' · '-- · union select · 1=1-- · sleep( ·
  ../ · /etc/passwd · $(`,
)

/** Headers by which a request says that it wants another path or method than it names. */
export const OVERRIDES: ReadonlySet<string> = new Set(
  'x-original-url x-rewrite-url x-http-method-override x-http-method x-method-override'.split(' '),
)

/** Fields that say what somebody may do, in lower case and without _ and -. */
export const RIGHTS: ReadonlySet<string> = new Set(
  'role roles admin isadmin issuperuser superuser isstaff permissions privileges scope scopes verified balance credit'.split(
    ' ',
  ),
)

/** What scanners ask every server for; each is a part of a path. */
export const PROBES = listOf(
  `/. · .php · .asp · .jsp · .cgi · .bak · .old · .sql · .zip · .tar · .gz · .swp · .ini · .cfg ·
  .conf · .pem · .key · .env · .git · .svn · .ds_store · wp- · cgi-bin · phpmyadmin · actuator ·
  server-status · jenkins · solr/ · manager/html · id_rsa · etc/passwd · backup · swagger · console ·
  web-inf · owa/ · autodiscover · hnap1 · boaform · setup · debug · vendor/ · graphql · api-docs · openapi · heapdump · /admin · ..`,
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
