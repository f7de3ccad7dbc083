package understanding

// The words the reader of dates and people knows, folded: no accents, no capitals. To teach it a word, add it here and an
// example to the tests.

var months = words[int]{
	1: "enero ene janeiro january jan", 2: "febrero feb fevereiro february", 3: "marzo marco march",
	4: "abril abr april apr", 5: "mayo maio may", 6: "junio jun junho june", 7: "julio jul julho july",
	8: "agosto ago august aug", 9: "septiembre setiembre sep sept set setembro september",
	10: "octubre oct outubro october", 11: "noviembre nov novembro november",
	12: "diciembre dic dezembro december dec",
}.index()

// Portuguese names such as "segunda" are ordinals in Spanish: only those that are nothing else stand here.
var weekdays = words[int]{
	0: "domingo dom sunday", 1: "lunes lun monday", 2: "martes terca tuesday", 3: "miercoles mie wednesday",
	4: "jueves jue thursday", 5: "viernes vie sexta friday", 6: "sabado sab saturday",
}.index()

var numberWords = words[int]{
	0: "cero zero", 1: "un una uno primero primer um uma one first", 2: "dos dois duas two", 3: "tres three",
	4: "cuatro quatro four", 5: "cinco five", 6: "seis six", 7: "siete sete seven", 8: "ocho oito eight",
	9: "nueve nove nine", 10: "diez dez ten", 11: "once eleven", 12: "doce doze twelve", 13: "trece treze", 14: "catorce quatorze",
	15: "quince quinze", 16: "dieciseis", 17: "diecisiete", 18: "dieciocho", 19: "diecinueve", 20: "veinte vinte twenty",
	21: "veintiuno veintiun", 22: "veintidos", 23: "veintitres", 24: "veinticuatro", 25: "veinticinco", 26: "veintiseis",
	27: "veintisiete", 28: "veintiocho", 29: "veintinueve", 30: "treinta trinta thirty",
}.index()

var ordinalEndings = set("ro ero er do to mo era st nd rd th")

// shorthand is how people write on a phone.
var shorthand = map[string]string{
	"q": "que", "k": "que", "xq": "porque", "x": "por", "pa": "para", "p": "para", "d": "de", "ola": "hola", "holis": "hola", "ay": "hay",
	"tb": "tambien", "tmb": "tambien", "fds": "finde", "findes": "finde", "findesemana": "finde", "weekend": "finde",
	"finsemana": "finde", "bno": "bueno", "grax": "gracias", "gcias": "gracias", "ppl": "people", "hab": "habitacion",
	"pers": "personas", "per": "personas", "perso": "personas", "mnn": "manana", "dsp": "despues", "sii": "si", "siii": "si",
	"tenes": "tenes", "tienen": "tenes", "tenen": "tenes", "tienes": "tenes", "oka": "ok", "okey": "ok", "okay": "ok", "wsp": "whatsapp", "wpp": "whatsapp",
}

// gestures are signs that stand for a word.
var gestures = map[rune]string{'👍': "si", '👌': "si", '✅': "si", '👎': "no"}

var (
	adultWords  = set("adulto adultos adulta adultas grande grandes mayor mayores adult adults")
	childWords  = set("nene nenes nena nenas nino ninos nina ninas chico chicos chica chicas hijo hijos hija hijas bebe bebes beba menor menores crianca criancas filho filhos child children kid kids baby babies nieto nietos nietas adolescente adolescentes pibe pibes peque peques pequenos")
	personWords = set("persona personas pax huesped huespedes pasajero pasajeros pessoa pessoas people person persons guest guests hospedes adultas amigos amigas amigo amiga integrantes")
	coupleWords = set("pareja parejas matrimonio matrimonios casal couple")
	petWords    = set("perro perros perra perras perrito perritos perrita perritas gato gatos gata gatito gatitos mascota mascotas caniche cachorro cachorros dog dogs cat cats pet pets")
	// partners with "mi" are a second person.
	partnerWords = set("senora esposa esposo marido mujer novia novio pareja companera companero mama papa hermana hermano amiga amigo")

	nightWords = set("noche noches noite noites night nights")
	dayWords   = set("dia dias day days")
	weekWords  = set("semana semanas week weeks")

	hourWords = set("hs h hrs hr hora horas am pm hours horas")
	ageWords  = set("ano anos meses mes year years months")
	// notPeople follow a number that counts something else.
	notPeople = set("cabana cabanas habitacion habitaciones dormitorio dormitorios cuarto cuartos ambiente ambientes cama camas bano banos auto autos coche coches km kms kilometros cuadras metros minutos min cuotas veces noche noches dia dias semana semanas hs h hrs hora horas cabins rooms night nights noites quincena quincenas opciones fotos reservas pesos lucas mil")

	moneyBefore = set("usd u ars pesos")
	moneyAfter  = set("pesos peso mil lucas luca k usd dolares dolar palos palo ars millones millon reales dollars")

	rangeOpeners = set("del de desde entre from do between dia")
	joinsStrong  = set("al hasta ate till until through thru ao")
	joinsWeak    = set("a - to")
	articles     = set("el la los las dia o the un del d")

	correctionWords = set("mejor perdon digo sino corrijo disculpa perdona quise melhor actually sorry")
)

// everyday words are never taken for a misspelt one of the lexicon.
var everyday = set(`vienes viene vengo luces mares mayor mayores abrir abril coche tarde tardes donde cuando cuanto cuantos
alguna alguno algunas algunos mismo misma ahora antes despues entre todos todas nuestro nuestra tengo tiene tenemos tenia pueden puede podes podria
quiero queria quisiera queremos somos seria serian estoy estamos buenas buenos cosas gusta parece saber decir hacer gente lugar mucho mucha muchos poco
libre libres cerca lejos pileta parrilla toallas sabanas cocina ropa calle ruta playa bosque montana rio lago centro pueblo madre padre tio tios prima primo
juntos juntas angosto basta hasta menos martin marta dorado sobre solo sola salir llegar llegamos llegada salida vamos vemos viaje viajar viajamos casa casas
manta mantas mesa mesas nada nadie nunca siempre quien quienes otra otro otras otros primera segunda tercera primero segundo tercero cuarta cuarto quinta nuevo nueva nuevos nuevas senal senales`)

// words lists the spellings of each value, separated by spaces.
type words[V comparable] map[V]string

func (w words[V]) index() map[string]V {
	byWord := map[string]V{}
	for value, spellings := range w {
		for word := range set(spellings) {
			byWord[word] = value
		}
	}
	return byWord
}
