"""Texts that try to break out of the place they are put in."""

HOSTILE = {
    "script": "</script><script>document.title='owned'</script>",
    "image": "<img src=x onerror=\"document.title='owned'\">",
    "comment": "<!--<script>",
    "attribute": "\" autofocus onfocus=\"document.title='owned'",
    "template": "{{ 7 * 7 }}{% raw %}",
    "formula": '=HYPERLINK("http://example.org","open")',
    "command": "@SUM(1+1)*cmd|' /C calc'!A0",
    "override": "Acme \u202egnp.exe",
    "lines": "Acme\r\n=1+1\tInc",
    "controls": "Acme\x00\x1b[31m Inc\u2028",
    "quotes": 'Acme, "the" Company; \'s',
    "right to left": "שלום בע״מ",
    "long": "x" * 10_000,
}
