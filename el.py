import sys
from playwright.sync_api import sync_playwright
f,sel,scheme,w=sys.argv[1],sys.argv[2],sys.argv[3],int(sys.argv[4])
with sync_playwright() as p:
    b=p.chromium.launch(executable_path="/usr/bin/chromium",args=["--no-sandbox"])
    g=b.new_page(viewport={"width":w,"height":900},color_scheme=scheme)
    g.on("console",lambda m: print(m.text)); g.on("pageerror",lambda m: print(m))
    g.goto(f"file://{f}"); g.wait_for_selector("html[data-ready]",state="attached"); g.wait_for_timeout(500)
    g.locator(sel).screenshot(path="/tmp/hs/bars/el.png"); b.close()
