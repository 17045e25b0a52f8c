// Interleavings as a page to step through: self-contained, for any browser. The reader sees only what has happened so far, a column for each CPU.
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Jiffy.Cli.Lab;

internal static class InterleavingPage
{
    public static string Write(string title, IReadOnlyList<Interleaving> items)
    {
        // The serialiser writes < as an escape, so that no text can end the script.
        var data = JsonSerializer.Serialize(items.Select(item => new
        {
            name = item.Name,
            schedule = item.Schedule,
            reason = item.Reason,
            steps = item.Steps.Select(step => new { time = step.Time, cpu = step.Cpu, task = step.Task, kind = step.Kind, place = step.Place, source = step.Source, note = step.Note }),
        }));
        return Page.Replace("@TITLE@", title).Replace("@DATA@", data);
    }

    private const string Page =
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>@TITLE@</title>
        <style>
        body { font: 15px/1.4 sans-serif; margin: 2em auto; max-width: 75em; color: #222 }
        table { border-collapse: collapse; width: 100%; table-layout: fixed } th { text-align: left }
        td { padding: .3em .6em; vertical-align: top } td:first-child, th:first-child { width: 5em; color: #777 }
        .step { border-left: 4px solid #0072b2; background: #eef5fa } .cpu1 .step { border-color: #d55e00; background: #fcf1ea }
        .now .step { outline: 2px solid #222 } .later { visibility: hidden }
        code { font-size: 13px; overflow-wrap: anywhere } .note { font-weight: bold } .place { color: #777; font-size: 12px }
        #end { font-weight: bold; color: #b00020; min-height: 1.5em } button { font: inherit; padding: .2em 1em }
        </style></head><body>
        <h1>@TITLE@</h1>
        <p>Which way to lose it: <select id="which"></select> &nbsp; <button id="first">first</button> <button id="back">back</button> <button id="next">next</button>
        <button id="last">last</button> &nbsp; <span id="at"></span> &nbsp; (arrow keys work, too)</p>
        <table><thead><tr><th>ns</th><th id="lane0">CPU 0</th><th id="lane1">CPU 1</th></tr></thead><tbody id="rows"></tbody></table>
        <p id="end"></p><p class="place">Replay: <code>JIFFY_SIM_REPLAY=<span id="schedule"></span></code></p>
        <script id="data" type="application/json">@DATA@</script>
        <script>
        const items = JSON.parse(document.getElementById('data').textContent), $ = id => document.getElementById(id);
        let item = items[0], at = 0;
        items.forEach((one, index) => $('which').add(new Option(one.name, index)));
        function cell(step) {
          const td = document.createElement('td'); td.className = 'step';
          for (const [tag, name, text] of [['div', 'note', step.note], ['code', '', step.source], ['div', 'place', step.kind + ' in ' + step.place]]) {
            if (!text) continue;
            const part = document.createElement(tag); part.className = name; part.textContent = text; td.append(part);
          }
          return td;
        }
        function show() {
          $('rows').replaceChildren(...item.steps.map((step, index) => {
            const row = document.createElement('tr'), time = document.createElement('td');
            time.textContent = step.time;
            row.className = 'cpu' + step.cpu + (index === at ? ' now' : index > at ? ' later' : '');
            row.append(time, ...(step.cpu === 0 ? [cell(step), document.createElement('td')] : [document.createElement('td'), cell(step)]));
            return row;
          }));
          for (const cpu of [0, 1]) $('lane' + cpu).textContent = 'CPU ' + cpu + ': ' + (item.steps.find(step => step.cpu === cpu) || { task: '-' }).task;
          $('at').textContent = 'step ' + (at + 1) + ' of ' + item.steps.length;
          $('end').textContent = at === item.steps.length - 1 ? item.reason : '';
          $('schedule').textContent = item.schedule;
        }
        function go(to) { at = Math.max(0, Math.min(item.steps.length - 1, to)); show(); }
        $('which').onchange = () => { item = items[$('which').value]; go(0); };
        $('first').onclick = () => go(0); $('back').onclick = () => go(at - 1); $('next').onclick = () => go(at + 1); $('last').onclick = () => go(item.steps.length);
        onkeydown = event => { if (event.key === 'ArrowRight' || event.key === 'ArrowDown') go(at + 1); else if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') go(at - 1); else return; event.preventDefault(); };
        show();
        </script></body></html>

        """;
}
